#include "planning/storage.hpp"

#include "graph/node.hpp"

namespace xgrad::planning {

Storage::Storage(const graph::Order& order, std::vector<const graph::Node*> leaves, Views views)
    : leaves_{std::move(leaves)}, views_{std::move(views)} {
  const std::size_t count = order.nodes.size();
  for (std::uint32_t i = 0; i < leaves_.size(); ++i) {
    numbers_.emplace(leaves_[i], i);
  }
  roots_.resize(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto links = order.inputs(i);
    for (std::size_t j = 0; j < links.size(); ++j) {
      const graph::Node* input = order.nodes[i]->inputs()[j];
      if (links[j] == graph::Order::leaf && numbers_.try_emplace(input, leaves_.size()).second) {
        leaves_.push_back(input);
      }
    }
    roots_[i] = i;
    if (is_alias(*order.nodes[i]) || views_.contains(i)) {
      const Source input = source(order, i, 0);
      roots_[i] = input.is_leaf() ? static_cast<run::Slot>(count + numbers_.at(input.node)) : roots_[input.index];
    }
  }
}

run::Slot Storage::of(const Source& source) const {
  return source.is_leaf() ? leaf_slot(numbers_.at(source.node)) : roots_[source.index];
}

run::Operand Storage::operand(const Source& source) const {
  run::Operand operand{of(source), source.node->shape, source.node->dtype};
  if (!source.is_leaf()) {
    if (const auto view = views_.find(source.index); view != views_.end()) {
      operand.layout = view->second;
    }
  }
  return operand;
}

}  // namespace xgrad::planning
