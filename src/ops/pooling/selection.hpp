#pragma once

#include "ops/pooling/window_rule.hpp"

/// One element of a plane per window, by its index in the plane, and back. Indices are those of the operations in
/// max_pool.cpp, marked: an index −1 − i stands for the NaN at i, and what goes there or comes from there is NaN,
/// unless it is 0.
namespace xgrad::ops {

/// (…, size) → (…, windows): the elements at the indices.
[[nodiscard]] Tensor pick(const Tensor& x, const Tensor& indices, std::size_t spatial);
/// Its adjoint, (…, windows) → (…, size): zeros, but for the elements of x added at the indices.
[[nodiscard]] Tensor scatter(const Tensor& x, const Tensor& indices, const Lengths& size);

/// Whether the operation is that of scatter().
[[nodiscard]] bool is_scatter(const Operation& operation) noexcept;

}  // namespace xgrad::ops
