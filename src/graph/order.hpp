#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/node.hpp"

namespace xgrad::graph {

/// Part of a graph as index lists: nodes in topological order, inputs before users, each once.
struct Order {
  std::vector<const Node*> nodes;
  /// Inputs of nodes[i] are operands[first[i]] … operands[first[i+1]−1]: indices into `nodes`, or leaf.
  std::vector<std::uint32_t> first;
  std::vector<std::uint32_t> operands;
  /// Where each of the nodes looked for stands in `nodes`, or leaf.
  std::vector<std::uint32_t> found;
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

/// The nodes behind `roots`, without recursion. A root that is itself at the boundary isn't entered. `stop_at`, a few
/// nodes, are taken for leaves.
[[nodiscard]] Order topological_order(std::span<const Node* const> roots, Boundary boundary,
                                      std::span<const Node* const> looked_for = {},
                                      std::span<const Node* const> stop_at = {});

}  // namespace xgrad::graph
