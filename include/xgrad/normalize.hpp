#pragma once

#include "xgrad/export.hpp"
#include "xgrad/reduce.hpp"
#include "xgrad/tensor.hpp"

/// What normalisation layers and attention are made of; float32, float64. Axes may be negative; none given means all.
/// Throws ValueError unless epsilon is positive and finite.
namespace xgrad {

/// x̂ = (x − μ) / √(σ² + ε), with the mean μ and the variance σ² = Σ (x − μ)² / n along the axes. Its derivative is
/// x̄ = (g − mean(g) − x̂ ⊙ mean(g ⊙ x̂)) / √(σ² + ε).
[[nodiscard]] XGRAD_API Tensor normalize(const Tensor& x, const Axes& axes = {}, double epsilon = 1e-5);
/// √(σ² + ε); the axes stay, with length 1. Its derivative is x̄ = g x̂ / n.
[[nodiscard]] XGRAD_API Tensor deviation(const Tensor& x, const Axes& axes = {}, double epsilon = 1e-5);

/// x̂ = x / √(mean(x²) + ε). Its derivative is x̄ = (g − x̂ ⊙ mean(g ⊙ x̂)) / √(mean(x²) + ε).
[[nodiscard]] XGRAD_API Tensor rms_normalize(const Tensor& x, const Axes& axes = {}, double epsilon = 1e-5);
/// √(mean(x²) + ε); the axes stay, with length 1. Its derivative is x̄ = g x̂ / n.
[[nodiscard]] XGRAD_API Tensor root_mean_square(const Tensor& x, const Axes& axes = {}, double epsilon = 1e-5);

/// Softmax over the last axis of those elements for which `mask` (bool) holds; the others are 0, whatever x is there.
/// The mask broadcasts to x's shape. A row without any such element is 0, and so is its gradient. Throws ShapeError if
/// the mask doesn't broadcast to x's shape, or x is a scalar; DTypeError unless it is bool.
[[nodiscard]] XGRAD_API Tensor masked_softmax(const Tensor& x, const Tensor& mask);

}  // namespace xgrad
