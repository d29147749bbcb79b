// expand_dims: inserts an axis of length 1. A reshape.
#include "xgrad/manipulate.hpp"

namespace xgrad {

Tensor expand_dims(const Tensor& x, std::int64_t axis) {
  return reshape(x, x.shape().inserted(normalize_axis(axis, x.rank() + 1, "expand_dims"), 1));
}

}  // namespace xgrad
