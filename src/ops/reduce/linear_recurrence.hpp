#pragma once

#include "xgrad/tensor.hpp"

namespace xgrad::ops {

/// yᵢ = bᵢ + aᵢ yᵢ₋₁ along an axis, or yᵢ = bᵢ + aᵢ yᵢ₊₁ in reverse, without the second term at the first one. a and b
/// have one shape and floating dtype. The derivatives of running products and logarithms of sums are such recurrences,
/// and so are its own: no order divides. As in chain_mul, aᵢ yᵢ₋₁ is 0 where yᵢ₋₁ is, and where aᵢ is 0 and yᵢ₋₁
/// infinite.
[[nodiscard]] Tensor linear_recurrence(const Tensor& a, const Tensor& b, std::size_t axis, bool reverse);

/// At each index what is one before it along the axis, or one after it in reverse; `edge` where there is nothing.
[[nodiscard]] Tensor neighbours(const Tensor& x, std::size_t axis, bool reverse, double edge);

}  // namespace xgrad::ops
