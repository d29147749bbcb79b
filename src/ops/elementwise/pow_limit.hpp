#pragma once

#include <cstdint>

#include "xgrad/tensor.hpp"

namespace xgrad::ops {

/// The limit, as a falls to 0, of the derivative of a^b `by_base` times by a and `by_exponent` times by b; 0 where a
/// isn't 0. By convention 0^0 is constant in b. Its derivative is a pow_limit of a higher order.
[[nodiscard]] Tensor pow_limit(const Tensor& a, const Tensor& b, std::int64_t by_base, std::int64_t by_exponent);

}  // namespace xgrad::ops
