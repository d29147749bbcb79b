#include "graph/order.hpp"

#include <algorithm>

namespace xgrad::graph {

namespace {

bool stops_at(const Node& node, Boundary boundary) noexcept {
  return node.operation == nullptr || (boundary == Boundary::values && node.has_value());
}

struct Visit {
  const Node* node;
  std::uint32_t next_input;
};

// Sets every slot back to 0, also when memory runs out half way: what was entered is done or on the stack.
class SlotReset {
 public:
  SlotReset(const std::vector<const Node*>& done, const std::vector<Visit>& stack) noexcept
      : done_{done}, stack_{stack} {}
  SlotReset(const SlotReset&) = delete;
  SlotReset& operator=(const SlotReset&) = delete;
  ~SlotReset() {
    for (const Node* node : done_) {
      node->slot = 0;
    }
    for (const Visit& visit : stack_) {
      visit.node->slot = 0;
    }
  }

 private:
  const std::vector<const Node*>& done_;
  const std::vector<Visit>& stack_;
};

}  // namespace

Order topological_order(std::span<const Node* const> roots, Boundary boundary, std::span<const Node* const> looked_for,
                        std::span<const Node* const> stop_at) {
  constexpr std::uint32_t on_stack = 0xFFFFFFFFU;

  Order order;
  std::vector<Visit> stack;
  const SlotReset reset{order.nodes, stack};
  constexpr std::size_t usual_size = 64;
  order.nodes.reserve(usual_size);
  order.first.reserve(usual_size);
  order.operands.reserve(2 * usual_size);
  stack.reserve(usual_size);
  const auto outside = [&](const Node* node) {
    return stops_at(*node, boundary) || std::find(stop_at.begin(), stop_at.end(), node) != stop_at.end();
  };
  const auto enter = [&stack](const Node* node) {
    stack.push_back({node, 0});
    node->slot = on_stack;
  };
  for (const Node* root : roots) {
    if (root->slot != 0 || outside(root)) {
      continue;
    }
    enter(root);
    while (!stack.empty()) {
      Visit& visit = stack.back();
      const auto inputs = visit.node->inputs();
      if (visit.next_input < inputs.size()) {
        const Node* input = inputs[visit.next_input++];
        if (input->slot == 0 && !outside(input)) {
          enter(input);
        }
        continue;
      }
      order.nodes.push_back(visit.node);
      visit.node->slot = static_cast<std::uint32_t>(order.nodes.size());
      order.first.push_back(static_cast<std::uint32_t>(order.operands.size()));
      for (const Node* input : inputs) {
        order.operands.push_back(input->slot == 0 ? Order::leaf : input->slot - 1);
      }
      stack.pop_back();
    }
  }
  order.first.push_back(static_cast<std::uint32_t>(order.operands.size()));
  for (const Node* node : looked_for) {
    order.found.push_back(node->slot == 0 ? Order::leaf : node->slot - 1);
  }
  return order;
}

}  // namespace xgrad::graph
