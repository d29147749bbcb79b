// expand_dims: inserts an axis of length 1. A reshape.
#include "xgrad/manipulate.hpp"

#include "ops/rules.hpp"

namespace xgrad {

Tensor expand_dims(const Tensor& x, std::int64_t axis) {
  const std::size_t index = ops::require_axis("expand_dims", x, axis, 1);
  return reshape(x, x.shape().inserted(index, 1));
}

}  // namespace xgrad
