#pragma once

#include "xgrad/operation.hpp"

#include "graph/node.hpp"
#include "ops/attributes.hpp"

namespace xgrad::planning {

/// Of a pending node; opaque for a leaf or a node that has its value: what lies behind it is not to be looked at.
[[nodiscard]] inline Algebra algebra_of(const graph::Node& node) noexcept {
  return node.operation == nullptr || node.has_value() ? Algebra::opaque : node.operation->algebra();
}

}  // namespace xgrad::planning
