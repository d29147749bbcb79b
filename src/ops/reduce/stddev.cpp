// stddev: √var as norm(x − mean) / √(n − ddof), whose derivative at 0 is norm's.
#include <algorithm>
#include <cmath>

#include "xgrad/math.hpp"
#include "xgrad/norms.hpp"

#include "ops/reduce/reduction.hpp"
#include "ops/rules.hpp"

namespace xgrad {

Tensor stddev(const Tensor& x, const Axes& axes, bool keep_dims, std::int64_t ddof) {
  const auto normal = ops::require_axes("stddev", x, axes.values());
  static_cast<void>(ops::require_floating("stddev", {&x, 1}));
  const std::int64_t count = ops::count_along(x.shape(), normal);
  if (count == 0) {
    return mean(x, axes, keep_dims);  // NaN, and a constant
  }
  const std::int64_t freedom = std::max<std::int64_t>(count - ddof, 0);
  return norm(x - mean(x, axes, true), axes, keep_dims) / std::sqrt(static_cast<double>(freedom));
}

}  // namespace xgrad
