#pragma once

#include "xgrad/export.hpp"
#include "xgrad/tensor.hpp"

/// Factors of matrices; float32 and float64. Axes before the last two are a batch; a batch may be empty, and so may
/// matrices. A matrix with a NaN or an infinity has NaN for its factors. Signs that the factors leave open are chosen,
/// not left to LAPACK as PyTorch does: so the factors are continuous but where they can't be, and differences of them
/// make sense. A function whose value doesn't depend on that choice has the same gradient for any.
namespace xgrad {

/// L of ½ (A + Aᵀ) = L Lᵀ, lower triangular with a positive diagonal. The symmetric part is taken, not one triangle as
/// by PyTorch, so that the gradient, which is symmetric, is that of what is computed. A matrix that isn't positive
/// definite is a ValueError at evaluation. Derivative: Murray, "Differentiation of the Cholesky decomposition", 2016.
[[nodiscard]] XGRAD_API Tensor cholesky(const Tensor& a);

struct Qr {
  Tensor Q;  ///< (…, m, k), orthonormal columns, k = min(m, n)
  Tensor R;  ///< (…, k, n), upper triangular, its diagonal not negative
};
/// A = Q R, reduced. For m < n, Q and the first columns of R are those of A's first m columns, and the rest is QᵀA.
/// The derivative exists where A's first k columns are independent; a 0 on R's diagonal is a ValueError there.
[[nodiscard]] XGRAD_API Qr qr(const Tensor& a);

struct Eigh {
  Tensor values;   ///< (…, n), ascending
  Tensor vectors;  ///< (…, n, n), as columns
};
/// ½ (A + Aᵀ) = V diag(w) Vᵀ. Of an eigenvector and its negative, the one is taken whose first component that isn't
/// small, at least 0.3 of the largest, is positive. Where eigenvalues are equal, eigenvectors aren't determined: the
/// gradient through them is infinite or NaN; through the values alone it is right, in first order.
[[nodiscard]] XGRAD_API Eigh eigh(const Tensor& a);
/// The eigenvalues alone, in less time.
[[nodiscard]] XGRAD_API Tensor eigvalsh(const Tensor& a);

struct Svd {
  Tensor U;   ///< (…, m, k), orthonormal columns, k = min(m, n)
  Tensor S;   ///< (…, k), descending, not negative
  Tensor Vt;  ///< (…, k, n), orthonormal rows
};
/// A = U diag(S) Vᵀ, reduced. A column of U and the row of Vt have the sign that eigh gives a vector, by the longer of
/// the two. Where singular values are equal or 0, the gradient through U and Vt is infinite or NaN; through the values
/// alone it is right where they aren't 0. Derivative: Townsend, "Differentiating the singular value decomposition",
/// 2016.
[[nodiscard]] XGRAD_API Svd svd(const Tensor& a);
/// The singular values alone, in less time.
[[nodiscard]] XGRAD_API Tensor svdvals(const Tensor& a);

}  // namespace xgrad
