#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/order.hpp"
#include "planning/eval.hpp"
#include "planning/key.hpp"

namespace xgrad::planning {

/// Which of the kept nodes of an order, which numbers its leaves, are written over which of these.
class LeafOverwrites {
 public:
  /// Those of `wanted` that may be, as evaluate() says.
  LeafOverwrites(std::span<LeafOverwrite> wanted, const graph::Order& order, std::span<const graph::Node* const> kept);

  /// Per kept node the number of its leaf, or Request::no_leaf; empty if there is none at all.
  [[nodiscard]] const std::vector<std::uint32_t>& over_leaf() const noexcept { return over_leaf_; }
  /// Makes them part of the key: their plan is another.
  void append_to(GraphKey& key) const;
  /// Says that this kept node's was written over its leaf.
  void set_done(std::size_t kept) { wanted_of_[kept]->done = true; }

 private:
  std::vector<std::uint32_t> over_leaf_;
  std::vector<LeafOverwrite*> wanted_of_;  // per kept node
};

}  // namespace xgrad::planning
