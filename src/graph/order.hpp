#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/node.hpp"

namespace xgrad::graph {

/// A node in whose place its stable form is in an order.
struct Replaced {
  const Node* node = nullptr;
  const Node* computed = nullptr;  ///< what it is computed as
  std::uint32_t index = 0;         ///< where that stands in the order, or Order::leaf
};

/// Part of a graph as index lists: nodes in topological order, inputs before users, each once.
struct Order {
  std::vector<const Node*> nodes;
  /// Inputs of nodes[i] are operands[first[i]] … operands[first[i+1]−1]: indices into `nodes`, or leaf.
  std::vector<std::uint32_t> first;
  std::vector<std::uint32_t> operands;
  /// Where each of the nodes looked for stands in `nodes`, or leaf.
  std::vector<std::uint32_t> found;
  /// Nodes met whose stable form was followed, each once.
  std::vector<Replaced> replaced;
  static constexpr std::uint32_t leaf = 0xFFFFFFFFU;

  [[nodiscard]] std::span<const std::uint32_t> inputs(std::size_t i) const noexcept {
    return std::span{operands}.subspan(first[i], first[i + 1] - first[i]);
  }
};

/// Which nodes a traversal stops at, without entering them into the order.
enum class Boundary : bool {
  values,  ///< at leaves and every node that has a value: what is left is pending work
  leaves,  ///< at nodes without inputs only: the whole history
};

/// Which stable forms a traversal follows.
struct FollowedForms {
  bool any = false;  ///< none: the graph as it was written
  /// Sorted. A form that goes around one of these isn't followed.
  std::span<const Node* const> kept = {};
};

/// What a node is computed as: the end of its forms, or of those up to one that has a value where values are the
/// boundary.
[[nodiscard]] const Node* computed(const Node* node, Boundary boundary) noexcept;

/// The nodes behind `roots`, without recursion. A root that is itself at the boundary isn't entered. `stop_at`, a few
/// nodes, are taken for leaves. Where a form is followed, it stands in its node's place for users, roots and nodes
/// looked for alike; a leaf in such a place is computed(input).
[[nodiscard]] Order topological_order(std::span<const Node* const> roots, Boundary boundary,
                                      std::span<const Node* const> looked_for = {},
                                      std::span<const Node* const> stop_at = {}, const FollowedForms& forms = {});

}  // namespace xgrad::graph
