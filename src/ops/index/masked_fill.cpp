// masked_fill: a number where a mask holds. where, with a mask that is no larger than x.
#include <fmt/format.h>

#include "xgrad/arrays.hpp"
#include "xgrad/error.hpp"
#include "xgrad/math.hpp"

#include "graph/node.hpp"
#include "ops/rules.hpp"

namespace xgrad {

Tensor masked_fill(const Tensor& x, const Tensor& mask, double value) {
  const Shape& shape = ops::require_defined("masked_fill", x).shape();
  ops::require_dtype("masked_fill", ops::require_defined("masked_fill", mask), boolean);
  Shape common;
  if (!broadcast(shape, mask.shape(), common) || common != shape) {
    throw ShapeError(fmt::format("[masked_fill] the mask {} for {}; expected one that broadcasts to its shape",
                                 graph::label(mask), graph::label(x)));
  }
  return where(mask, ops::scalar_beside("masked_fill", value, x), x);
}

}  // namespace xgrad
