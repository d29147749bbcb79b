// topk: the k largest or smallest elements along an axis, and their indices. The derivative is gather's.
#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/sorting.hpp"

#include "graph/node.hpp"
#include "ops/rules.hpp"
#include "ops/sorting/order.hpp"

namespace xgrad {

Selected topk(const Tensor& x, std::int64_t k, std::int64_t axis, bool largest) {
  const std::size_t normal = ops::require_axis("topk", x, axis);
  const std::int64_t length = x.shape()[normal];
  if (k < 0 || k > length) {
    throw ShapeError(
        fmt::format("[topk] {} elements along axis {} of {}; expected 0 to {}", k, normal, graph::label(x), length));
  }
  const Tensor indices = ops::indices_at_ranks(
      "topk", x, normal, {.first = 0, .count = k, .descending = largest, .nans = run::Nans::first});
  return {gather(x, indices, axis), indices};
}

}  // namespace xgrad
