#pragma once

#include <cstdint>

#include "xgrad/tensor.hpp"

namespace xgrad::ops {

/// What the derivative of a^b, `by_base` times by a and `by_exponent` times by b, tends to as a falls to 0; 0 where a
/// isn't 0. By convention 0^0 is constant in b. It differentiates to the same of a higher order.
[[nodiscard]] Tensor pow_limit(const Tensor& a, const Tensor& b, std::int64_t by_base, std::int64_t by_exponent);

}  // namespace xgrad::ops
