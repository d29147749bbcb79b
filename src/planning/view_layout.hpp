#pragma once

#include <cstdint>
#include <unordered_map>

#include "graph/order.hpp"
#include "run/layout.hpp"

namespace xgrad::planning {

/// A value in an order that numbers its leaves: a node's or a leaf's.
struct Source {
  std::uint32_t index = 0;
  const graph::Node* node = nullptr;
  bool is_leaf = false;
};

/// Operand `input` of node i.
[[nodiscard]] Source source(const graph::Order& order, std::size_t i, std::size_t input);

/// Whether the node's value is its first input's memory.
[[nodiscard]] bool is_alias(const graph::Node& node);

/// The values that aren't written anywhere, because everybody can read their elements where they are: in the memory of
/// the first input, or of what that is a view of. By index of the node: the layout there.
using Views = std::unordered_map<std::uint32_t, run::Layout>;

/// The layout of a node's result, which arranges elements of its input, in the memory of what that is or is a view of.
/// Throws ValueError that names the operation if it arranges elements that its input doesn't have.
[[nodiscard]] run::Layout layout_in_input(const graph::Order& order, std::uint32_t node, const Views& views);

}  // namespace xgrad::planning
