#include "planning/storage.hpp"

#include "xgrad/operation.hpp"

#include "graph/node.hpp"

namespace xgrad::planning {

Source source(const graph::Order& order, std::size_t i, std::size_t input) {
  return {order.inputs(i)[input], order.nodes[i]->inputs()[input]};
}

bool is_alias(const graph::Node& node) {
  return node.operation->aliases_input();
}

Storage::Storage(const graph::Order& order, std::vector<const graph::Node*> leaves) : leaves_{std::move(leaves)} {
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
    if (is_alias(*order.nodes[i])) {
      roots_[i] = links[0] == graph::Order::leaf
                      ? static_cast<run::Slot>(count + numbers_.at(order.nodes[i]->inputs()[0]))
                      : roots_[links[0]];
    }
  }
}

run::Slot Storage::of(const Source& source) const {
  return source.is_leaf() ? leaf_slot(numbers_.at(source.node)) : roots_[source.index];
}

}  // namespace xgrad::planning
