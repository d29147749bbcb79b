#pragma once

#include "ops/pooling/window_rule.hpp"

/// One element of a plane per window, by its index in the plane, and back. Indices are those of the operations in
/// max_pool.cpp, marked: an index −1 − i stands for the NaN at i, and what goes there or comes from there is NaN,
/// unless it is 0.
namespace xgrad::ops {

/// (…, size) → (…, windows): the elements at the indices. `wide` is for the adjoint.
[[nodiscard]] Tensor pick(const Tensor& x, const Tensor& indices, std::size_t spatial, bool wide);
/// Its adjoint, (…, windows) → (…, size): zeros, but for the elements of x added at the indices. `wide` asks for sums
/// of float32 in float64, for where more than a few may meet.
[[nodiscard]] Tensor scatter(const Tensor& x, const Tensor& indices, const Lengths& size, bool wide);

/// Whether the operation is that of scatter().
[[nodiscard]] bool is_scatter(const Operation& operation) noexcept;

}  // namespace xgrad::ops
