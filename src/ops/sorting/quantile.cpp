// quantile, median: between two neighbours in sorted order. (1 − w) x₍ₗ₎ + w x₍ₗ₊₁₎ for h = q (n − 1), l = ⌊h⌋, w = h −
// l; the derivative is gather's.
#include <cmath>
#include <fmt/format.h>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/sorting.hpp"

#include "graph/node.hpp"
#include "ops/elementwise/slopes.hpp"
#include "ops/reduce/reduction.hpp"
#include "ops/rules.hpp"
#include "ops/sorting/order.hpp"

namespace xgrad {

namespace {

// Of each row of a matrix whose rows aren't empty.
Tensor quantile_of_rows(std::string_view operation, const Tensor& rows, double q) {
  const double h = q * static_cast<double>(rows.shape()[1] - 1);
  const double low = std::floor(h);
  const double weight = h - low;
  const std::int64_t neighbours = weight > 0 ? 2 : 1;
  const Tensor chosen = gather(rows,
                               ops::indices_at_ranks(operation, rows, 1,
                                                     {.first = static_cast<std::int64_t>(low),
                                                      .count = neighbours,
                                                      .descending = false,
                                                      .nans = run::Nans::everywhere}),
                               1);
  const Tensor value = neighbours == 1 ? reshape(chosen, Shape{chosen.size()})
                                       : sum(chosen * tensor({1 - weight, weight}, rows.dtype()), 1);
  return value * ops::equal_slope(value, value);  // so that the gradient of NaN is NaN
}

Tensor quantile_named(std::string_view operation, const Tensor& x, double q, const Axes& axes, bool keep_dims) {
  const auto normal = ops::require_axes(operation, x, axes.values());
  static_cast<void>(ops::require_floating(operation, {&x, 1}));
  if (!(q >= 0 && q <= 1)) {
    throw ValueError(fmt::format("[{}] q is {}; expected 0 to 1", operation, q));
  }
  const std::int64_t count = ops::count_along(x.shape(), normal);
  if (count == 0) {
    throw ShapeError(fmt::format("[{}] of no elements, over an axis of length 0 of {}", operation, graph::label(x)));
  }
  const Tensor moved = permute(x, ops::axes_moved_last(x.rank(), normal));
  const Tensor result = quantile_of_rows(operation, reshape(moved, Shape{x.size() / count, count}), q);
  return reshape(result, ops::reduced_shape(x.shape(), normal, keep_dims));
}

}  // namespace

Tensor quantile(const Tensor& x, double q, const Axes& axes, bool keep_dims) {
  return quantile_named("quantile", x, q, axes, keep_dims);
}

Tensor median(const Tensor& x, const Axes& axes, bool keep_dims) {
  return quantile_named("median", x, 0.5, axes, keep_dims);
}

}  // namespace xgrad
