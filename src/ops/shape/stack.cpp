// stack: tensors of one shape along a new axis. expand_dims and concatenate.
#include <algorithm>
#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"

#include "graph/node.hpp"
#include "ops/rules.hpp"

namespace xgrad {

Tensor stack(const std::vector<Tensor>& xs, std::int64_t axis) {
  if (xs.empty()) {
    throw ValueError("[stack] of no tensors; expected one or more");
  }
  for (const Tensor& x : xs) {
    static_cast<void>(ops::require_defined("stack", x));
  }
  static_cast<void>(ops::require_same("stack", xs));
  const auto index = static_cast<std::int64_t>(ops::require_axis("stack", xs[0], axis, 1));
  std::vector<Tensor> parts;
  parts.reserve(xs.size());
  for (const Tensor& x : xs) {
    if (x.shape() != xs[0].shape()) {
      throw ShapeError(
          fmt::format("[stack] {} beside {}; expected equal shapes", graph::label(x), graph::label(xs[0])));
    }
    parts.push_back(expand_dims(x, index));
  }
  return concatenate(parts, index);
}

}  // namespace xgrad
