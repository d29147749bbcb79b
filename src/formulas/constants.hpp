#pragma once

#include <optional>

#include "graph/node.hpp"
#include "graph/values.hpp"

namespace xgrad::formulas {

/// Whether a leaf was made inside a layer, an activation or a loss.
[[nodiscard]] inline bool is_made_by_layer(const graph::Node& leaf) noexcept {
  const graph::ScopeName* scope = leaf.scope.get();
  while (scope != nullptr && scope->role == Scope::Role::none) {
    scope = scope->outer.get();
  }
  return scope != nullptr;
}

/// The number that all elements of a leaf are, where it is no data: a number that the graph was built with, zeros, or
/// what a layer or a loss made for itself, as the zeros that a recurrence starts with.
[[nodiscard]] inline std::optional<double> constant_of(const graph::Node& leaf) {
  if (leaf.operation != nullptr || leaf.history || leaf.of_state || leaf.name || !leaf.has_value() ||
      leaf.shape.size() == 0) {
    return std::nullopt;
  }
  const bool is_own = is_made_by_layer(leaf);
  const bool is_number = leaf.shape.rank() == 0 && is_floating(leaf.dtype);
  const double first = graph::element_of(leaf, 0);
  if (!is_own && !is_number && !(first == 0 && is_floating(leaf.dtype))) {
    return std::nullopt;
  }
  for (std::int64_t i = 1; i < leaf.shape.size(); ++i) {
    if (graph::element_of(leaf, i) != first) {
      return std::nullopt;
    }
  }
  return first;
}

}  // namespace xgrad::formulas
