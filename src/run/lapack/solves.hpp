#pragma once

#include <cstdint>
#include <string_view>

#include "xgrad/shape.hpp"

/// What is computed from the factors of run::lu and from triangles; T is float or double.
namespace xgrad::run {

/// An operand: matrices of rows · columns elements, whose batch axes broadcast to the result's.
template <class T>
struct Matrices {
  const T* data = nullptr;
  Shape batch;
};

/// x ← op(A)⁻¹ b for the factors of A, (n+1,n), and b (n,k). Throws ValueError for a singular A.
template <class T>
void lu_solve(std::string_view operation, bool transposed, std::int64_t n, std::int64_t k, const Matrices<T>& factors,
              const Matrices<T>& b, const Shape& batch, T* x);

/// A⁻¹ from the factors. Throws likewise.
template <class T>
void lu_inverse(std::string_view operation, const Shape& batch, std::int64_t n, const T* factors, T* x);

/// One matrix: x ← op(A)⁻¹ x. Its user has a OneBlasThread; A isn't singular.
template <class T>
void lu_solve_one(bool transposed, std::int64_t n, std::int64_t k, const T* factors, T* x) noexcept;

/// |A|, without overflow of partial products; 0 for a singular A.
template <class T>
void determinants(const Shape& batch, std::int64_t n, const T* factors, T* out) noexcept;
/// 1, −1 or 0, and NaN for NaN.
template <class T>
void determinant_signs(const Shape& batch, std::int64_t n, const T* factors, T* out) noexcept;
/// log |det A|, −∞ for a singular A. With `of_positive`, log det A: NaN if that is negative.
template <class T>
void log_determinants(const Shape& batch, std::int64_t n, bool of_positive, const T* factors, T* out) noexcept;

/// The matrix of cofactors, det(A) A⁻ᵀ, right for a singular A, too: where A is near to one, by singular values,
/// det(U) det(V) U diag(Π_{j≠i} s_j) Vᵀ.
template <class T>
void cofactors(std::string_view operation, const Shape& batch, std::int64_t n, const T* a, const T* factors, T* out);

/// What a triangle is.
struct Triangle {
  bool lower = false;
  bool transposed = false;
  bool unit = false;     ///< the diagonal counts as 1, whatever it holds
  double tolerance = 0;  ///< an element of the diagonal is 0 if it is at most this share of the largest
};

/// x ← op(T)⁻¹ b for the triangle of t (n,n) and b (n,k). Throws ValueError for a 0 on the diagonal; `singular` says
/// what that means.
template <class T>
void triangular_solve(std::string_view operation, std::string_view singular, const Triangle& triangle, std::int64_t n,
                      std::int64_t k, const Matrices<T>& t, const Matrices<T>& b, const Shape& batch, T* x);

/// V S⁺ Uᵀ (n,m), where singular values of at most rcond of the largest count as 0.
template <class T>
void pseudo_inverse(std::string_view operation, const Shape& batch, std::int64_t m, std::int64_t n, double rcond,
                    const T* a, T* out);

}  // namespace xgrad::run
