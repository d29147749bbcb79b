#pragma once

#include <span>

#include "xgrad/operation.hpp"

#include "graph/node.hpp"
#include "planning/algebra.hpp"
#include "planning/simplify.hpp"

/// The rules by theme, each list in the order in which they are tried.
namespace xgrad::planning::rules {

/// Operations that do nothing, or undo one another: x · 1, −(−x), a + (−b).
[[nodiscard]] std::span<const Rule> identities();
/// Transposes, reshapes and broadcasts: composed, taken into products, summed.
[[nodiscard]] std::span<const Rule> shapes();
/// Arithmetic between numbers.
[[nodiscard]] std::span<const Rule> numbers();
/// Derivatives of normalisations and scales, each in one step; of graphs that are only run.
[[nodiscard]] std::span<const Rule> normalizations();

// For writing rules.
[[nodiscard]] inline Tensor input(const graph::Node& node, std::size_t i) {
  return graph::handle(node.inputs()[i]);
}
[[nodiscard]] inline const graph::Node& input_node(const graph::Node& node, std::size_t i) {
  return *node.inputs()[i];
}
[[nodiscard]] inline bool is_number(const graph::Node& node, double number) {
  return special_number(node) == number;
}

}  // namespace xgrad::planning::rules
