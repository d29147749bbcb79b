// sum_to: sums over the axes that broadcasting repeated. A composition of sum and reshape.
#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/reduce.hpp"

#include "graph/node.hpp"
#include "ops/rules.hpp"

namespace xgrad {

Tensor sum_to(const Tensor& x, const Shape& shape) {
  static_cast<void>(ops::require_numeric("sum_to", {&ops::require_defined("sum_to", x), 1}));
  if (x.shape() == shape) {
    return x;
  }
  Shape common;
  if (!broadcast(x.shape(), shape, common) || common != x.shape()) {
    throw ShapeError(fmt::format("[sum_to] {} doesn't broadcast to {}", to_string(shape), graph::label(x)));
  }
  const std::size_t offset = x.rank() - shape.rank();
  std::vector<std::int64_t> axes;
  for (std::size_t i = 0; i < x.rank(); ++i) {
    if (i < offset || (shape[i - offset] == 1 && x.shape()[i] != 1)) {
      axes.push_back(static_cast<std::int64_t>(i));
    }
  }
  return axes.empty() ? x : reshape(sum(x, Axes{std::move(axes)}), shape);
}

}  // namespace xgrad
