#pragma once

#include "xgrad/tensor.hpp"

namespace xgrad::ops {

/// e^a / (e^a + e^b) = σ(a − b), and ½ where a = b, also where both are the same infinity.
[[nodiscard]] Tensor share(const Tensor& a, const Tensor& b);

}  // namespace xgrad::ops
