#include "planning/leaf_overwrites.hpp"

#include <algorithm>
#include <unordered_map>

#include "planning/build.hpp"

namespace xgrad::planning {

namespace {

struct Leaf {
  LeafOverwrite* wanted = nullptr;
  std::uint64_t uses = 0;     // in the order
  bool stays_in_use = false;  // by what is held afterwards
  std::uint32_t index = Request::no_leaf;
};
using Leaves = std::unordered_map<const graph::Node*, Leaf>;

bool held_once(const graph::Node& node) noexcept {
  return node.counts.load(std::memory_order_acquire) >> 32U == 1;
}

// One handle, and users in the order only.
bool is_ours(const graph::Node& leaf, std::uint64_t uses) noexcept {
  return leaf.counts.load(std::memory_order_acquire) == graph::Node::one_handle + uses && leaf.value.unique();
}

// Counts uses in the order, and marks the leaves behind nodes that keep their history. Those are the held ones, but for
// the targets: their only handle goes with the assignment.
void find_uses(const graph::Order& order, const std::unordered_map<const graph::Node*, LeafOverwrite*>& targets,
               Leaves& leaves) {
  std::vector<bool> stays(order.nodes.size(), false);
  for (std::size_t i = order.nodes.size(); i-- > 0;) {
    const graph::Node& node = *order.nodes[i];
    if (node.has_handles() && node.history) {
      const auto target = targets.find(&node);
      stays[i] = stays[i] || target == targets.end() || !held_once(node);
    }
    const auto links = order.inputs(i);
    for (std::size_t j = 0; j < links.size(); ++j) {
      if (!order.is_leaf(links[j])) {
        stays[links[j]] = stays[links[j]] || stays[i];
        continue;
      }
      if (const auto leaf = leaves.find(node.inputs()[j]); leaf != leaves.end()) {
        ++leaf->second.uses;
        leaf->second.stays_in_use = leaf->second.stays_in_use || stays[i];
      }
    }
  }
}

}  // namespace

LeafOverwrites::LeafOverwrites(std::span<LeafOverwrite> wanted, const graph::Order& order,
                               std::span<const graph::Node* const> kept) {
  if (wanted.empty()) {
    return;
  }
  std::unordered_map<const graph::Node*, LeafOverwrite*> targets;
  Leaves leaves;
  for (LeafOverwrite& each : wanted) {
    if (leaves.emplace(each.leaf, Leaf{&each}).second) {
      targets.emplace(each.target, &each);
    }
  }
  find_uses(order, targets, leaves);
  for (std::uint32_t i = 0; i < order.leaves.size(); ++i) {
    if (const auto leaf = leaves.find(order.leaves[i]); leaf != leaves.end()) {
      leaf->second.index = i;
    }
  }
  std::vector<std::uint32_t> over_leaf(kept.size(), Request::no_leaf);
  wanted_of_.assign(kept.size(), nullptr);
  bool any = false;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const auto target = targets.find(kept[i]);
    if (target == targets.end() || !held_once(*kept[i])) {
      continue;
    }
    const Leaf& leaf = leaves.at(target->second->leaf);
    if (!leaf.stays_in_use && leaf.index != Request::no_leaf && is_ours(*target->second->leaf, leaf.uses)) {
      over_leaf[i] = leaf.index;
      wanted_of_[i] = target->second;
      any = true;
    }
  }
  if (any) {
    over_leaf_ = std::move(over_leaf);
  }
}

void LeafOverwrites::append_to(GraphKey& key) const {
  key.words.insert(key.words.end(), over_leaf_.begin(), over_leaf_.end());
}

}  // namespace xgrad::planning
