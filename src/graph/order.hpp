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
  /// Nodes met whose stable form was followed, each once, by address.
  std::vector<Replaced> replaced;
  static constexpr std::uint32_t leaf = 0xFFFFFFFFU;

  [[nodiscard]] std::span<const std::uint32_t> inputs(std::size_t i) const noexcept {
    return std::span{operands}.subspan(first[i], first[i + 1] - first[i]);
  }
  /// What stands in the node's place: the node itself, unless its form was followed.
  [[nodiscard]] const Node* computed(const Node* node) const noexcept;
};

/// Which nodes a traversal stops at, without entering them into the order.
enum class Boundary : std::uint8_t {
  values,       ///< at leaves and every node that has a value: what is left is pending work
  leaves,       ///< at nodes without inputs only: the whole history
  derivatives,  ///< at nodes without inputs, and at what no derivative passes: the differentiable history
};

/// How far a traversal goes besides.
struct Traversal {
  /// A few nodes that are taken for leaves.
  std::span<const Node* const> stop_at = {};
  /// What was made at this time or before is taken for a leaf.
  std::uint64_t oldest = 0;
  /// Whether stable forms are followed; else the graph is as it was written.
  bool follow_forms = false;
  /// Sorted. A form that goes around one of these isn't followed.
  std::span<const Node* const> kept = {};
};

/// The nodes behind `roots`, without recursion. A root that is itself at the boundary isn't entered. Where a form is
/// followed, it stands in its node's place for users, roots and nodes looked for alike; a leaf in such a place is
/// Order::computed(input).
[[nodiscard]] Order topological_order(std::span<const Node* const> roots, Boundary boundary,
                                      std::span<const Node* const> looked_for = {}, const Traversal& options = {});

}  // namespace xgrad::graph
