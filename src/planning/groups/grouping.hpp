#pragma once

#include <memory>
#include <vector>

#include "planning/groups/group.hpp"

namespace xgrad::planning {

struct Grouped {
  /// They don't depend on one another in a circle, but come in no particular order. They refer to the order.
  std::vector<std::unique_ptr<Group>> groups;
  Views views;
};

/// All nodes in groups, but for aliases, views, broadcasts that element-wise groups read through, and what was folded.
/// `kept` says which nodes' values are outputs. Without fusion every node is a group of its own.
[[nodiscard]] Grouped make_groups(const graph::Order& order, const std::vector<bool>& kept, bool fuse);

}  // namespace xgrad::planning
