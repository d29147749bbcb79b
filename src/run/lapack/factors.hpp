#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "xgrad/shape.hpp"

/// Factors of every matrix of a batch, row-major; T is float or double. A matrix with a NaN or an infinity has NaN for
/// its factors. `operation` is named by errors.
namespace xgrad::run {

/// A = Uᵀ Lᵀ Pᵀ with partial pivoting, from P L U = Aᵀ. (n,n) → (n+1,n): Uᵀ in the lower triangle, the strict upper one
/// of Lᵀ, whose diagonal is 1, and in the last row with which row each was exchanged in turn. A singular A has a 0 on
/// the diagonal; that is no error here.
template <class T>
void lu(std::string_view operation, const Shape& batch, std::int64_t n, const T* a, T* factors);

/// One matrix of finite numbers. Its user has a OneBlasThread.
template <class T>
void lu_one(std::int64_t n, const T* a, T* factors);

/// L of L Lᵀ = ½ (A + Aᵀ), with zeros above. Throws ValueError if that isn't positive definite.
template <class T>
void cholesky(std::string_view operation, const Shape& batch, std::int64_t n, const T* a, T* l);

/// Q (m,n) and below it R (n,n), for m ≥ n: R's diagonal isn't negative.
template <class T>
void qr(std::string_view operation, const Shape& batch, std::int64_t m, std::int64_t n, const T* a, T* factors);

/// The eigenvalues of ½ (A + Aᵀ), ascending, as a row, and with `vectors` below it those as columns.
template <class T>
void eigh(std::string_view operation, const Shape& batch, std::int64_t n, bool vectors, const T* a, T* factors);

/// U (m,n), a row of the singular values, descending, and Vᵀ (n,n), one below the other, for m ≥ n; without `vectors`
/// only the row.
template <class T>
void svd(std::string_view operation, const Shape& batch, std::int64_t m, std::int64_t n, bool vectors, const T* a,
         T* factors);

/// U, the singular values and Vᵀ of one matrix (m,n), m ≥ n, of finite numbers, with memory that is used again. Its
/// user has a OneBlasThread.
template <class T>
class SingularValues {
 public:
  SingularValues(std::int64_t m, std::int64_t n, bool vectors);
  /// Returns whether LAPACK converged. u and vt may be null without vectors.
  [[nodiscard]] bool find(const T* a, T* u, T* s, T* vt);

 private:
  std::int64_t m_;
  std::int64_t n_;
  bool vectors_;
  std::vector<T> matrix_;
  std::vector<T> work_;
  std::vector<int> iwork_;
};

/// Whether an eigenvector or singular vector of n components, `stride` apart, is to be negated: of the two, the one is
/// taken whose first component of at least 0.3 of the largest's magnitude is positive. Equal components, which are
/// frequent in textbook matrices, then don't make the choice depend on rounding.
template <class T>
[[nodiscard]] bool is_negated(std::int64_t n, std::int64_t stride, const T* vector) noexcept;

}  // namespace xgrad::run
