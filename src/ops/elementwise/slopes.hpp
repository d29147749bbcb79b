#pragma once

#include "xgrad/tensor.hpp"

/// Derivatives that are steps: 0, 1 or ½, and NaN for NaN. Floating dtypes; no derivative of their own.
namespace xgrad::ops {

/// 1 where x > 0, else 0.
[[nodiscard]] Tensor relu_slope(const Tensor& x);
/// 1 where low ≤ x ≤ high, else 0.
[[nodiscard]] Tensor clip_slope(const Tensor& x, double low, double high);
/// 1 where a > b, ½ where a = b, else 0.
[[nodiscard]] Tensor larger_slope(const Tensor& a, const Tensor& b);
/// 1 where a = b, else 0.
[[nodiscard]] Tensor equal_slope(const Tensor& a, const Tensor& b);

}  // namespace xgrad::ops
