// roll: the end of an axis put before the rest. Slices and concatenate.
#include "xgrad/arrays.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"

#include "ops/rules.hpp"

namespace xgrad {

Tensor roll(const Tensor& x, std::int64_t shift, std::int64_t axis) {
  const std::size_t normal = ops::require_axis("roll", x, axis);
  const std::int64_t length = x.shape()[normal];
  if (length == 0 || shift % length == 0) {
    return x;
  }
  const std::int64_t remainder = shift % length;
  const std::int64_t start = remainder < 0 ? -remainder : length - remainder;  // of what comes first
  return concatenate({slice(x, {start, length}, axis), slice(x, {0, start}, axis)}, axis);
}

}  // namespace xgrad
