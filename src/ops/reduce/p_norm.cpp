// p_norm: (Σ |x|^p)^(1/p), computed as m (Σ (|x|/m)^p)^(1/p) with m = max |x|, on which it doesn't depend: m is a
// constant to derivatives.
#include <cmath>
#include <fmt/format.h>
#include <limits>

#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/norms.hpp"

#include "graph/node.hpp"
#include "ops/reduce/reduction.hpp"
#include "ops/rules.hpp"

namespace xgrad {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// With the axes kept.
Tensor scaled_norm(const Tensor& x, double p, const Axes& axes) {
  const Tensor size = abs(x);
  const Tensor largest = stop_gradient(max(size, axes, true));
  const Tensor scale = where(logical_and(largest > 0, largest < infinity), largest, 1);
  const Tensor is_zero = equal(largest, 0);
  const Tensor shares = where(is_zero, 1, sum(pow(size / scale, p), axes, true));
  return where(is_zero, 0, scale * pow(shares, 1 / p));
}

}  // namespace

Tensor p_norm(const Tensor& x, double p, const Axes& axes, bool keep_dims) {
  const auto normal = ops::require_axes("p_norm", x, axes.values());
  static_cast<void>(ops::require_floating("p_norm", {&x, 1}));
  if (!(p >= 1 || p == -infinity)) {
    throw ValueError(fmt::format("[p_norm] p is {}; expected 1 or more, or -inf", p));
  }
  const bool of_nothing = ops::count_along(x.shape(), normal) == 0;
  if (std::isinf(p)) {
    if (of_nothing) {
      throw ShapeError(
          fmt::format("[p_norm] p is {}, of no elements, over an axis of length 0 of {}", p, graph::label(x)));
    }
    return p > 0 ? max(abs(x), axes, keep_dims) : min(abs(x), axes, keep_dims);
  }
  if (p == 1 || of_nothing) {
    return sum(abs(x), axes, keep_dims);
  }
  return p == 2 ? norm(x, axes, keep_dims)
                : reshape(scaled_norm(x, p, axes), ops::reduced_shape(x.shape(), normal, keep_dims));
}

}  // namespace xgrad
