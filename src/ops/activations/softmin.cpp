// e^−x / Σ e^−x
#include "xgrad/activations.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"

#include "ops/rules.hpp"

namespace xgrad {

Tensor softmin(const Tensor& x, std::int64_t axis) {
  const auto normal = static_cast<std::int64_t>(ops::require_axis("softmin", x, axis));
  static_cast<void>(ops::require_floating("softmin", {&x, 1}));
  return softmax(-x, normal);
}

}  // namespace xgrad
