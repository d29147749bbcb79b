#include "graph/order.hpp"

#include <algorithm>
#include <functional>

namespace xgrad::graph {

namespace {

bool stops_at(const Node& node, Boundary boundary) noexcept {
  if (node.operation == nullptr) {
    return true;
  }
  switch (boundary) {
    case Boundary::values:
      return node.has_value();
    case Boundary::leaves:
      return false;
    case Boundary::derivatives:
      return !is_floating(node.dtype) || !node.operation->differentiable();
  }
  return false;
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

const Node* Order::computed(const Node* node) const noexcept {
  if (node->form == nullptr) {
    return node;
  }
  const auto place =
      std::lower_bound(replaced.begin(), replaced.end(), node,
                       [](const Replaced& each, const Node* wanted) { return std::less<>{}(each.node, wanted); });
  return place != replaced.end() && place->node == node ? place->computed : node;
}

namespace {

bool disjoint(std::span<const Node* const> a, std::span<const Node* const> b) noexcept {
  auto first = a.begin();
  auto second = b.begin();
  while (first != a.end() && second != b.end()) {
    if (*first == *second) {
      return false;
    }
    std::less<>{}(*first, *second) ? ++first : ++second;
  }
  return true;
}

}  // namespace

Order topological_order(std::span<const Node* const> roots, Boundary boundary, std::span<const Node* const> looked_for,
                        const Traversal& options) {
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
    return node->time <= options.oldest || stops_at(*node, boundary) ||
           std::find(options.stop_at.begin(), options.stop_at.end(), node) != options.stop_at.end();
  };
  const auto followed = [&](const Node* node) {
    if (options.follow_forms) {
      while (node->form != nullptr && !outside(node) && disjoint(node->form->around, options.kept)) {
        node = node->form->node;
      }
    }
    return node;
  };
  const auto enter = [&stack](const Node* node) {
    stack.push_back({node, 0});
    node->slot = on_stack;
    for (const Node* input : node->inputs()) {  // the next come while the first is followed
      __builtin_prefetch(input);
      __builtin_prefetch(&input->time, 1);
    }
  };
  const auto meet = [&](const Node* node) {
    const Node* entered = followed(node);
    if (entered != node) {
      order.replaced.push_back({node, entered, Order::leaf});
    }
    if (entered->slot == 0 && !outside(entered)) {
      enter(entered);
    }
  };
  const auto index_of = [&](const Node* node) {
    const std::uint32_t slot = followed(node)->slot;
    return slot == 0 ? Order::leaf : slot - 1;
  };
  for (const Node* root : roots) {
    meet(root);
    while (!stack.empty()) {
      Visit& visit = stack.back();
      const auto inputs = visit.node->inputs();
      if (visit.next_input < inputs.size()) {
        meet(inputs[visit.next_input++]);
        continue;
      }
      order.nodes.push_back(visit.node);
      visit.node->slot = static_cast<std::uint32_t>(order.nodes.size());
      order.first.push_back(static_cast<std::uint32_t>(order.operands.size()));
      for (const Node* input : inputs) {
        order.operands.push_back(index_of(input));
      }
      stack.pop_back();
    }
  }
  order.first.push_back(static_cast<std::uint32_t>(order.operands.size()));
  for (const Node* node : looked_for) {
    order.found.push_back(index_of(node));
  }
  const auto same = [](const Replaced& a, const Replaced& b) { return a.node == b.node; };
  std::sort(order.replaced.begin(), order.replaced.end(),
            [](const Replaced& a, const Replaced& b) { return std::less<>{}(a.node, b.node); });
  order.replaced.erase(std::unique(order.replaced.begin(), order.replaced.end(), same), order.replaced.end());
  for (Replaced& each : order.replaced) {
    each.index = index_of(each.computed);
  }
  return order;
}

}  // namespace xgrad::graph
