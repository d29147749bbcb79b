#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "graph/order.hpp"

/// What the steps of a plan are made of: which nodes run together. Works on the places of nodes in an Order.
namespace xgrad::planning {

/// An operand of a node: the place of a node in the order, or a leaf.
struct Source {
  std::uint32_t place = graph::Order::leaf;
  const graph::Node* node = nullptr;
};

/// A product with what is folded into it: C = ± Π scalars · op(A) op(B) + scale · start.
struct FoldedProduct {
  std::uint32_t product = 0;  ///< the matmul or outer
  std::optional<Source> start;
  std::optional<Source> start_scale;
  std::vector<Source> scalars;
  bool negative = false;
};

/// Nodes that run as one step, in order. The step gives the values of `nodes` and takes what lies outside.
struct Group {
  enum class Kind : std::uint8_t {
    operation,    ///< one node, by its own kernel
    product,      ///< one node, a matrix product, perhaps with others folded in
    elementwise,  ///< a connected set of one shape, and the sums that end it
  };
  Kind kind = Kind::operation;
  std::vector<std::uint32_t> nodes;
  std::vector<std::uint32_t> sums;  ///< of elementwise: sum and mean nodes over its results
  FoldedProduct folded;             ///< of product
};

/// The operands of node i.
[[nodiscard]] Source source(const graph::Order& order, std::size_t i, std::size_t input);

/// Whether the node's value is its first input's memory.
[[nodiscard]] bool is_alias(const graph::Node& node);

/// All nodes in groups, but for aliases, broadcasts that element-wise groups read through, and what was folded. `kept`
/// says which nodes' values are outputs. Without fusion every node is a group of its own. Groups don't depend on one
/// another in a circle, but come in no particular order.
[[nodiscard]] std::vector<Group> make_groups(const graph::Order& order, const std::vector<bool>& kept, bool fuse);

}  // namespace xgrad::planning
