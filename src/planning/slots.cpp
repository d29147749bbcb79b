#include "planning/slots.hpp"

#include <unordered_map>

#include "graph/node.hpp"

namespace xgrad::planning {

Storage::Storage(const graph::Order& order, std::vector<const graph::Node*> given, Views views)
    : leaves_{std::move(given)}, views_{std::move(views)} {
  std::unordered_map<const graph::Node*, std::uint32_t> known;
  for (std::uint32_t i = 0; i < leaves_.size(); ++i) {
    known.emplace(leaves_[i], i);
  }
  for (const graph::Node* leaf : order.leaves) {
    const auto [number, added] = known.try_emplace(leaf, leaves_.size());
    numbers_.push_back(number->second);
    if (added) {
      leaves_.push_back(leaf);
    }
  }
  roots_.resize(order.nodes.size());
  for (std::uint32_t i = 0; i < roots_.size(); ++i) {
    roots_[i] = is_alias(*order.nodes[i]) || views_.contains(i) ? of(source(order, i, 0)) : i;
  }
}

run::Slot Storage::of(const Source& source) const {
  return source.is_leaf ? leaf_slot(numbers_[source.index - roots_.size()]) : roots_[source.index];
}

run::Operand Storage::operand(const Source& source) const {
  run::Operand operand{of(source), source.node->shape, source.node->dtype};
  if (!source.is_leaf) {
    if (const auto view = views_.find(source.index); view != views_.end()) {
      operand.layout = view->second;
    }
  }
  return operand;
}

}  // namespace xgrad::planning
