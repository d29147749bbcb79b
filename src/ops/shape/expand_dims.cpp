// expand_dims: inserts an axis of length 1. A reshape.
#include "xgrad/manipulate.hpp"

#include "ops/rules.hpp"

namespace xgrad {

Tensor expand_dims(const Tensor& x, std::int64_t axis) {
  const Shape& shape = ops::require_defined("expand_dims", x).shape();
  return reshape(x, shape.inserted(normalize_axis(axis, shape.rank() + 1, "expand_dims"), 1));
}

}  // namespace xgrad
