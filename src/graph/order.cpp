#include "graph/order.hpp"

namespace xgrad::graph {

namespace {

bool stops_at(const Node& node, Boundary boundary) noexcept {
  return boundary == Boundary::values ? node.has_value() : node.operation == nullptr;
}

// Sets every slot back to 0, also when memory runs out half way.
class SlotReset {
 public:
  explicit SlotReset(std::vector<const Node*>& entered) noexcept : entered_{entered} {}
  SlotReset(const SlotReset&) = delete;
  SlotReset& operator=(const SlotReset&) = delete;
  ~SlotReset() {
    for (const Node* node : entered_) {
      node->slot = 0;
    }
  }

 private:
  std::vector<const Node*>& entered_;
};

}  // namespace

Order topological_order(std::span<const Node* const> roots, Boundary boundary,
                        std::span<const Node* const> looked_for) {
  struct Visit {
    const Node* node;
    std::uint32_t next_input;
  };
  constexpr std::uint32_t on_stack = 0xFFFFFFFFU;

  Order order;
  std::vector<const Node*> entered;
  const SlotReset reset{entered};
  std::vector<Visit> stack;
  const auto enter = [&](const Node* node) {
    entered.push_back(node);
    node->slot = on_stack;
    stack.push_back({node, 0});
  };
  for (const Node* root : roots) {
    if (root->slot != 0 || stops_at(*root, boundary)) {
      continue;
    }
    enter(root);
    while (!stack.empty()) {
      Visit& visit = stack.back();
      const auto inputs = visit.node->inputs();
      if (visit.next_input < inputs.size()) {
        const Node* input = inputs[visit.next_input++];
        if (input->slot == 0 && !stops_at(*input, boundary)) {
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
