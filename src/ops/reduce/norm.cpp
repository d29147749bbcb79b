// norm: √Σ x² over axes. A composition of square, sum and sqrt; its derivative x / norm is 0 where the norm is 0,
// because √'s infinite one meets x = 0 there.
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"

#include "ops/rules.hpp"

namespace xgrad {

Tensor norm(const Tensor& x, const Axes& axes, bool keep_dims) {
  const auto normal = normalize_axes(axes.values(), ops::require_defined("norm", x).rank(), "norm");
  static_cast<void>(ops::require_floating("norm", {&x, 1}));
  return sqrt(sum(square(x), std::vector<std::int64_t>(normal.begin(), normal.end()), keep_dims));
}

}  // namespace xgrad
