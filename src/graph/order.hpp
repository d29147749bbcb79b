#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/node.hpp"

namespace xgrad::graph {

/// A node whose stable form an order has instead of the node.
struct Replaced {
  const Node* node = nullptr;
  const Node* computed = nullptr;  ///< its form, or the form of that, and so on
  std::uint32_t index = 0;         ///< the index of that node in the order, or Order::leaf
};

/// Part of a graph as index lists: nodes in topological order, inputs before users, each once. The leaves, at which the
/// traversal stopped, follow the nodes: leaves[k] has the index nodes.size() + k. Where leaves aren't numbered, all
/// have the index `leaf`.
struct Order {
  std::vector<const Node*> nodes;
  /// Each once, by first use: inputs of the nodes from left to right, then nodes looked for. A form that was followed
  /// stands for its node.
  std::vector<const Node*> leaves;
  /// Inputs of nodes[i] are operands[first[i]] … operands[first[i+1]−1], as indices.
  std::vector<std::uint32_t> first;
  std::vector<std::uint32_t> operands;
  /// The indices of the nodes looked for.
  std::vector<std::uint32_t> found;
  /// Nodes whose stable form was followed, each once, by address.
  std::vector<Replaced> replaced;
  static constexpr std::uint32_t leaf = 0xFFFFFFFFU;

  [[nodiscard]] std::size_t size() const noexcept { return nodes.size() + leaves.size(); }
  [[nodiscard]] bool is_leaf(std::uint32_t index) const noexcept { return index >= nodes.size(); }
  /// By index, of an order that numbers its leaves.
  [[nodiscard]] const Node* node(std::uint32_t index) const noexcept {
    return is_leaf(index) ? leaves[index - nodes.size()] : nodes[index];
  }
  [[nodiscard]] std::span<const std::uint32_t> inputs(std::size_t i) const noexcept {
    return std::span{operands}.subspan(first[i], first[i + 1] - first[i]);
  }
  /// The node that is computed for this one: itself, unless its form was followed.
  [[nodiscard]] const Node* computed(const Node* node) const noexcept;
};

/// Which nodes a traversal stops at, without entering them into the order.
enum class Boundary : std::uint8_t {
  values,       ///< at leaves and every node that has a value: the order is pending work
  leaves,       ///< at nodes without inputs only: the whole history
  derivatives,  ///< at nodes without inputs, and at those that no derivative passes: the differentiable history
};

/// How far a traversal goes besides.
struct Traversal {
  /// A few nodes that are taken for leaves.
  std::span<const Node* const> stop_at = {};
  /// Nodes made at this time or before are taken for leaves.
  std::uint64_t oldest = 0;
  /// Whether stable forms are followed; else the graph is as it was written.
  bool follow_forms = false;
  /// Sorted. A form that goes around one of these isn't followed.
  std::span<const Node* const> kept = {};
  /// Whether leaves get indices, at the price of a hash table: leaves may be shared among threads, so a traversal
  /// writes nothing into them.
  bool number_leaves = false;
};

/// The nodes behind `roots`, without recursion. A root that is itself at the boundary isn't entered. Where a form is
/// followed, it stands for its node as input, root and node looked for alike; an input that is a leaf is
/// Order::computed(input), or the leaf of its index.
[[nodiscard]] Order topological_order(std::span<const Node* const> roots, Boundary boundary,
                                      std::span<const Node* const> looked_for = {}, const Traversal& options = {});

/// Of an order that numbers its leaves, the same with the leaves among the nodes: each before its first user, from left
/// to right; at the end those that no node uses.
[[nodiscard]] Order with_leaves(const Order& numbered);

}  // namespace xgrad::graph
