#pragma once

#include <cstdint>

#include "xgrad/export.hpp"
#include "xgrad/sorting.hpp"
#include "xgrad/tensor.hpp"

/// Running products, extrema and logarithms of sums along an axis; cumsum is in reduce.hpp.
namespace xgrad {

/// yᵢ = ∏ⱼ≤ᵢ xⱼ; float32, float64, int64. Its gradient is right with any number of zeros, in every order.
[[nodiscard]] XGRAD_API Tensor cumprod(const Tensor& x, std::int64_t axis = -1);

/// The largest or smallest element up to each, and the index of the first one that equals it; float32, float64, int64.
/// From the first NaN on it is that NaN. The gradient goes to the index.
[[nodiscard]] XGRAD_API Selected cummax(const Tensor& x, std::int64_t axis = -1);
[[nodiscard]] XGRAD_API Selected cummin(const Tensor& x, std::int64_t axis = -1);

/// yᵢ = log Σⱼ≤ᵢ e^xⱼ without overflow; float32, float64. −∞ as long as all are.
[[nodiscard]] XGRAD_API Tensor logcumsumexp(const Tensor& x, std::int64_t axis = -1);

}  // namespace xgrad
