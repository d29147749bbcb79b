#include "graph/order.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>

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

/// The numbers of leaves: a hash table with open addresses, which needs no heap for a few of them.
class LeafNumbers {
 public:
  /// Appends new leaves to `leaves`.
  explicit LeafNumbers(std::vector<const Node*>& leaves) : leaves_{leaves} { leaves.reserve(few_.size() / 4); }
  LeafNumbers(const LeafNumbers&) = delete;
  LeafNumbers& operator=(const LeafNumbers&) = delete;
  ~LeafNumbers() = default;

  [[nodiscard]] std::uint32_t of(const Node* leaf) {
    if (2 * leaves_.size() >= table_.size()) {
      grow();
    }
    std::uint32_t& entry = entry_of(leaf);
    if (entry == 0) {
      leaves_.push_back(leaf);
      entry = static_cast<std::uint32_t>(leaves_.size());
    }
    return entry - 1;
  }

 private:
  // The leaf's entry, or the free one for it.
  [[nodiscard]] std::uint32_t& entry_of(const Node* leaf) noexcept {
    const std::size_t mask = table_.size() - 1;
    std::size_t i = (reinterpret_cast<std::uintptr_t>(leaf) * 0x9E3779B97F4A7C15U >> 20U) & mask;
    while (table_[i] != 0 && leaves_[table_[i] - 1] != leaf) {
      i = (i + 1) & mask;
    }
    return table_[i];
  }

  void grow() {
    many_.assign(4 * table_.size(), 0);
    table_ = many_;
    for (std::uint32_t number = 0; number < leaves_.size(); ++number) {
      entry_of(leaves_[number]) = number + 1;
    }
  }

  std::vector<const Node*>& leaves_;
  std::array<std::uint32_t, 128> few_{};  // number + 1; 0 in a free entry
  std::vector<std::uint32_t> many_;
  std::span<std::uint32_t> table_{few_};  // a power of two, at most half full
};

/// One traversal. Marks nodes while it lives.
class Walk {
 public:
  Walk(Order& order, Boundary boundary, const Traversal& options)
      : order_{order}, boundary_{boundary}, options_{options} {
    constexpr std::size_t usual_size = 64;
    order_.nodes.reserve(usual_size);
    order_.first.reserve(usual_size);
    order_.operands.reserve(2 * usual_size);
    stack_.reserve(usual_size);
    if (options.number_leaves) {
      numbers_.emplace(order_.leaves);
    }
  }
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;
  // Sets every slot back to 0, also when memory runs out half way: a node that was entered is done or on the stack.
  ~Walk() {
    for (const Node* node : order_.nodes) {
      node->slot = 0;
    }
    for (const Visit& visit : stack_) {
      visit.node->slot = 0;
    }
  }

  void run(std::span<const Node* const> roots, std::span<const Node* const> looked_for) {
    for (const Node* root : roots) {
      meet(root);
      while (!stack_.empty()) {
        advance();
      }
    }
    order_.first.push_back(static_cast<std::uint32_t>(order_.operands.size()));
    for (const Node* node : looked_for) {
      order_.found.push_back(index_of(node));
    }
    if (numbers_) {
      put_after_nodes(order_.operands);
      put_after_nodes(order_.found);
    }
    sort_replaced();
  }

 private:
  struct Visit {
    const Node* node;
    std::uint32_t next_input;
  };
  static constexpr std::size_t ahead = 6;
  static constexpr std::uint32_t on_stack = 0xFFFFFFFFU;
  static constexpr std::uint32_t first_leaf = 0x80000000U;  // until the number of nodes is known

  [[nodiscard]] bool outside(const Node* node) const noexcept {
    return node->time <= options_.oldest || stops_at(*node, boundary_) ||
           std::find(options_.stop_at.begin(), options_.stop_at.end(), node) != options_.stop_at.end();
  }

  [[nodiscard]] const Node* followed(const Node* node) const noexcept {
    if (options_.follow_forms) {
      while (node->form != nullptr && !outside(node) && disjoint(node->form->around, options_.kept)) {
        node = node->form->node;
      }
    }
    return node;
  }

  void enter(const Node* node) {
    stack_.push_back({node, 0});
    node->slot = on_stack;
    for (const Node* input : node->inputs()) {  // the next come while the first is followed
      __builtin_prefetch(input);
      __builtin_prefetch(&input->time, 1);
    }
  }

  void meet(const Node* node) {
    const Node* entered = followed(node);
    if (entered != node) {
      order_.replaced.push_back({node, entered, Order::leaf});
    }
    if (entered->slot == 0 && !outside(entered)) {
      enter(entered);
    }
  }

  void advance() {
    Visit& visit = stack_.back();
    const auto inputs = visit.node->inputs();
    if (visit.next_input < inputs.size()) {
      meet(inputs[visit.next_input++]);
      return;
    }
    order_.nodes.push_back(visit.node);
    visit.node->slot = static_cast<std::uint32_t>(order_.nodes.size());
    order_.first.push_back(static_cast<std::uint32_t>(order_.operands.size()));
    for (const Node* input : inputs) {
      order_.operands.push_back(index_of(input));
    }
    stack_.pop_back();
    if (stack_.size() >= ahead) {  // a deep chain, which came here from far away
      const Node* soon = stack_[stack_.size() - ahead].node;
      __builtin_prefetch(soon);
      __builtin_prefetch(&soon->time, 1);
    }
  }

  [[nodiscard]] std::uint32_t index_of(const Node* node) {
    const Node* entered = followed(node);
    if (entered->slot != 0) {
      return entered->slot - 1;
    }
    return numbers_ ? first_leaf + numbers_->of(entered) : Order::leaf;
  }

  void put_after_nodes(std::vector<std::uint32_t>& indices) const noexcept {
    const auto count = static_cast<std::uint32_t>(order_.nodes.size());
    std::transform(indices.begin(), indices.end(), indices.begin(),
                   [count](std::uint32_t index) { return index < first_leaf ? index : index - first_leaf + count; });
  }

  void sort_replaced() {
    std::vector<Replaced>& all = order_.replaced;
    const auto before = [](const Replaced& a, const Replaced& b) { return std::less<>{}(a.node, b.node); };
    const auto same = [](const Replaced& a, const Replaced& b) { return a.node == b.node; };
    std::sort(all.begin(), all.end(), before);
    all.erase(std::unique(all.begin(), all.end(), same), all.end());
    for (Replaced& each : all) {
      const std::uint32_t slot = each.computed->slot;
      each.index = slot == 0 ? Order::leaf : slot - 1;
    }
  }

  Order& order_;
  Boundary boundary_;
  const Traversal& options_;
  std::vector<Visit> stack_;
  std::optional<LeafNumbers> numbers_;
};

}  // namespace

const Node* Order::computed(const Node* node) const noexcept {
  if (node->form == nullptr) {
    return node;
  }
  const auto entry =
      std::lower_bound(replaced.begin(), replaced.end(), node,
                       [](const Replaced& each, const Node* wanted) { return std::less<>{}(each.node, wanted); });
  return entry != replaced.end() && entry->node == node ? entry->computed : node;
}

Order topological_order(std::span<const Node* const> roots, Boundary boundary, std::span<const Node* const> looked_for,
                        const Traversal& options) {
  Order order;
  Walk{order, boundary, options}.run(roots, looked_for);
  return order;
}

Order with_leaves(const Order& numbered) {
  constexpr std::uint32_t unknown = 0xFFFFFFFFU;
  Order order;
  std::vector<std::uint32_t> indices(numbered.size(), unknown);  // in the new order
  const auto begin_node = [&](std::uint32_t old) {
    indices[old] = static_cast<std::uint32_t>(order.nodes.size());
    order.nodes.push_back(numbered.node(old));
    order.first.push_back(static_cast<std::uint32_t>(order.operands.size()));
  };
  const auto enter_leaf = [&](std::uint32_t old) {
    if (numbered.is_leaf(old) && indices[old] == unknown) {
      begin_node(old);
    }
  };
  for (std::uint32_t i = 0; i < numbered.nodes.size(); ++i) {
    const auto inputs = numbered.inputs(i);
    std::for_each(inputs.begin(), inputs.end(), enter_leaf);
    begin_node(i);
    for (const std::uint32_t input : inputs) {
      order.operands.push_back(indices[input]);
    }
  }
  for (const std::uint32_t found : numbered.found) {
    enter_leaf(found);
    order.found.push_back(indices[found]);
  }
  order.first.push_back(static_cast<std::uint32_t>(order.operands.size()));
  return order;
}

}  // namespace xgrad::graph
