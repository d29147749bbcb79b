#pragma once

#include "xgrad/tensor.hpp"

/// The derivatives of functions of a point (a, b) of the plane. Both are 0 at (0, 0), and neither squares what could
/// over- or underflow.
namespace xgrad::ops {

/// a / √(a² + b²), the derivative of hypot: the first coordinate of (a, b) at length 1. NaN where both are infinite.
[[nodiscard]] Tensor direction(const Tensor& a, const Tensor& b);
/// a / (a² + b²), that of atan2: the first coordinate of (a, b) inverted in the unit circle. 0 where any is infinite.
[[nodiscard]] Tensor inversion(const Tensor& a, const Tensor& b);

}  // namespace xgrad::ops
