// var: Σ (x − mean)² / (n − ddof) over axes. A composition of mean, square and sum.
#include <algorithm>

#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"

#include "ops/reduce/reduction.hpp"
#include "ops/rules.hpp"

namespace xgrad {

Tensor var(const Tensor& x, const Axes& axes, bool keep_dims, std::int64_t ddof) {
  const auto normal = ops::require_axes("var", x, axes.values());
  static_cast<void>(ops::require_floating("var", {&x, 1}));
  // As NumPy does: with no degrees of freedom left the result is NaN or ∞.
  const std::int64_t count = ops::count_along(x.shape(), normal);
  if (count == 0) {
    return mean(x, axes, keep_dims);  // NaN, and a constant
  }
  const std::int64_t freedom = std::max<std::int64_t>(count - ddof, 0);
  return sum(square(x - mean(x, axes, true)), axes, keep_dims) / static_cast<double>(freedom);
}

}  // namespace xgrad
