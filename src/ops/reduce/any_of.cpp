// any_of, all_of: whether there is a true element, or no false one. Numbers of them, compared with 0.
#include "xgrad/arrays.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"

#include "ops/rules.hpp"

namespace xgrad {

namespace {

void require_bool(std::string_view operation, const Tensor& x, const Axes& axes) {
  static_cast<void>(ops::require_axes(operation, x, axes.values()));
  ops::require_dtype(operation, x, boolean);
}

}  // namespace

Tensor any_of(const Tensor& x, const Axes& axes, bool keep_dims) {
  require_bool("any_of", x, axes);
  return greater(sum(cast(x, int64), axes, keep_dims), 0);
}

Tensor all_of(const Tensor& x, const Axes& axes, bool keep_dims) {
  require_bool("all_of", x, axes);
  return equal(sum(cast(logical_not(x), int64), axes, keep_dims), 0);
}

}  // namespace xgrad
