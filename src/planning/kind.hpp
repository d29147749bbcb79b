#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "xgrad/operation.hpp"

#include "graph/node.hpp"

namespace xgrad::planning {

/// The built-in operations that planning knows something about. Told apart by class, not by name: a user's operation
/// that is called "mul" is `other`.
enum class Kind : std::uint8_t {
  other,
  add,
  sub,
  mul,
  div,
  neg,
  square,
  exp,
  log,
  log1p,
  sigmoid,
  log_sigmoid,
  softmax,
  log_softmax,
  logsumexp,
  sum,
  mean,
  where,
  cast,
  permute,
  reshape,
  broadcast,
  matmul,
  outer,
  stop_gradient,
  bind,
  elementwise,  ///< the other element-wise ones
};

[[nodiscard]] Kind kind_of(const Operation& operation);

/// Of a pending node; `other` for a leaf or a node that has its value: what lies behind it is not to be looked at.
[[nodiscard]] inline Kind kind_of(const graph::Node& node) {
  return node.operation == nullptr || node.has_value() ? Kind::other : kind_of(*node.operation);
}

/// Whether evaluating the element-wise node may end in an exception: a cast that doesn't fit, or an operation that says
/// so. A user's operation is asked like a built-in one.
[[nodiscard]] bool elementwise_may_throw(const graph::Node& node);

/// An attribute that the operation has.
[[nodiscard]] bool flag(const Operation& operation, std::string_view name);
[[nodiscard]] std::vector<std::int64_t> integers(const Operation& operation, std::string_view name);

}  // namespace xgrad::planning
