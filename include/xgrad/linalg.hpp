#pragma once

#include "xgrad/export.hpp"
#include "xgrad/tensor.hpp"

/// Products; float32 and float64.
namespace xgrad {

/// NumPy's matmul: (m,k)(k,n) → (m,n); (m,k)(k) → (m); (k)(k,n) → (n); (k)(k) → (); axes before the last two are a
/// batch and broadcast. A transpose() of the last two axes of an argument costs nothing here: it becomes a flag of the
/// product. Throws ShapeError for a scalar or when k differs.
[[nodiscard]] XGRAD_API Tensor matmul(const Tensor& a, const Tensor& b);
/// Σ u v of two vectors of equal length.
[[nodiscard]] XGRAD_API Tensor dot(const Tensor& u, const Tensor& v);
/// u vᵀ of two vectors: (m), (n) → (m,n).
[[nodiscard]] XGRAD_API Tensor outer(const Tensor& u, const Tensor& v);
/// A vector as the diagonal of a square matrix; of a matrix (m,n), its diagonal (min(m,n)). Any dtype.
[[nodiscard]] XGRAD_API Tensor diag(const Tensor& x);

}  // namespace xgrad
