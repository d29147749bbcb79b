// silu(a) b of the two halves of x
#include "xgrad/activations.hpp"
#include "xgrad/math.hpp"

#include "ops/activations/halves.hpp"

namespace xgrad {

Tensor swiglu(const Tensor& x, std::int64_t axis) {
  const auto [gate, value] = ops::halves("swiglu", x, axis);
  return silu(gate) * value;
}

}  // namespace xgrad
