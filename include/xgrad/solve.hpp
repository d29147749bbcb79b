#pragma once

#include <cstdint>
#include <optional>

#include "xgrad/export.hpp"
#include "xgrad/tensor.hpp"

/// Equations with matrices, and functions of them; float32 and float64. Axes before the last two are a batch; a batch
/// may be empty, and so may matrices. A right side b is a vector (n) if it has one axis, for every matrix of A;
/// otherwise it is one or several columns (…, n, k), whose batch axes broadcast with those of A. (So it is in the array
/// API standard and in NumPy 2; PyTorch guesses from the shapes.)
///
/// A matrix with a NaN or an infinity gives NaN. A singular one is a ValueError at evaluation, by solve and inverse,
/// and by the derivatives that use them; it names the entry of the batch and the pivot. One that is singular but for
/// rounding isn't found out. Solve, inverse, determinants and their derivatives share the LU factors of a matrix. The
/// results are the same bits for any number of threads, which share out a batch.
namespace xgrad {

/// x of A x = b, by LU factors with partial pivoting.
[[nodiscard]] XGRAD_API Tensor solve(const Tensor& a, const Tensor& b);

/// Which triangle of a matrix is meant, and how.
struct Triangular {
  bool lower = false;
  bool transposed = false;  ///< solve with the transpose of that triangle
  bool unit = false;        ///< the diagonal counts as 1, and isn't read
};
/// x of T x = b, or Tᵀ x = b, for the triangle T of a; what is beyond isn't read, and has the gradient 0. A 0 on the
/// diagonal is a ValueError at evaluation.
[[nodiscard]] XGRAD_API Tensor triangular_solve(const Tensor& a, const Tensor& b, const Triangular& which = {});

/// A⁻¹. Where it is multiplied by something, solve is faster and more accurate.
[[nodiscard]] XGRAD_API Tensor inverse(const Tensor& a);

/// |A|, 0 of a singular matrix, 1 of (0,0). The gradient is the matrix of cofactors, and right for a singular matrix,
/// too; the second derivative of one is a ValueError at evaluation.
[[nodiscard]] XGRAD_API Tensor det(const Tensor& a);
/// log |A|: NaN if |A| is negative, −∞ if it is 0. No overflow of |A|.
[[nodiscard]] XGRAD_API Tensor logdet(const Tensor& a);

struct Slogdet {
  Tensor sign;     ///< 1, −1 or 0; a constant to derivatives
  Tensor log_abs;  ///< log of the determinant's absolute value
};
/// Of a singular matrix (0, −∞), of (0,0) (1, 0).
[[nodiscard]] XGRAD_API Slogdet slogdet(const Tensor& a);

/// The pseudo-inverse (n,m) of A (m,n), by singular values; those of at most rcond times the largest count as 0. The
/// default is max(m, n) times the machine epsilon. The derivative is that at constant rank (Golub and Pereyra, 1973).
[[nodiscard]] XGRAD_API Tensor pinv(const Tensor& a, std::optional<double> rcond = std::nullopt);

/// The x of least ‖A x − b‖ for A (m,n), b (m) or (…, m, k); for m < n, of those the one of least ‖x‖. By QR; A must
/// have full rank: an element on R's diagonal of at most max(m, n) ε times the largest is a ValueError at evaluation.
[[nodiscard]] XGRAD_API Tensor lstsq(const Tensor& a, const Tensor& b);

/// e^A, by scaling and squaring with Padé approximants (Higham, 2005), and its derivative by that of these (Al-Mohy and
/// Higham, 2009). A second derivative is one of the matrix [A E; 0 A], a third one of such a matrix of those, and so
/// on.
[[nodiscard]] XGRAD_API Tensor matrix_exp(const Tensor& a);

/// A A … A by repeated squaring; of a negative exponent that of A⁻¹, of 0 the unit matrix.
[[nodiscard]] XGRAD_API Tensor matrix_power(const Tensor& a, std::int64_t exponent);

/// Σ aᵢᵢ of (…, m, n).
[[nodiscard]] XGRAD_API Tensor trace(const Tensor& a);

}  // namespace xgrad
