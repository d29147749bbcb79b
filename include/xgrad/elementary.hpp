#pragma once

#include "xgrad/export.hpp"
#include "xgrad/tensor.hpp"

/// Elementary functions beyond those of math.hpp, element by element. Tensors must agree in dtype (DTypeError
/// otherwise) and broadcast by NumPy's rule; a number beside a tensor takes the tensor's dtype. docs/operations.md has
/// every derivative, and how many units in the last place a result may be off.
namespace xgrad {

// float32, float64. Outside of a function's domain the result is NaN, as for NaN.
[[nodiscard]] XGRAD_API Tensor tan(const Tensor& x);
/// In [−π/2, π/2]; for x in [−1, 1]. The derivative is infinite at ±1.
[[nodiscard]] XGRAD_API Tensor asin(const Tensor& x);
/// In [0, π]; likewise.
[[nodiscard]] XGRAD_API Tensor acos(const Tensor& x);
[[nodiscard]] XGRAD_API Tensor atan(const Tensor& x);
/// The angle of the point (x, y), in [−π, π], with the signs of zeros as in C. Derivatives are 0 at (0, 0).
[[nodiscard]] XGRAD_API Tensor atan2(const Tensor& y, const Tensor& x);
[[nodiscard]] XGRAD_API Tensor sinh(const Tensor& x);
[[nodiscard]] XGRAD_API Tensor cosh(const Tensor& x);
[[nodiscard]] XGRAD_API Tensor asinh(const Tensor& x);
/// For x ≥ 1; the derivative is infinite at 1.
[[nodiscard]] XGRAD_API Tensor acosh(const Tensor& x);
/// ±∞ at ±1.
[[nodiscard]] XGRAD_API Tensor atanh(const Tensor& x);
/// 2ˣ.
[[nodiscard]] XGRAD_API Tensor exp2(const Tensor& x);
/// The logarithms of base 2 and 10.
[[nodiscard]] XGRAD_API Tensor log2(const Tensor& x);
[[nodiscard]] XGRAD_API Tensor log10(const Tensor& x);
/// The real cube root, of the sign of x; its derivative is infinite at 0.
[[nodiscard]] XGRAD_API Tensor cbrt(const Tensor& x);
/// 1 / x.
[[nodiscard]] XGRAD_API Tensor reciprocal(const Tensor& x);
/// √(a² + b²), right wherever it is a number of the dtype, though the squares aren't. Derivatives are 0 at (0, 0).
[[nodiscard]] XGRAD_API Tensor hypot(const Tensor& a, const Tensor& b);

// float32, float64, int64.
/// To a whole number: down, up, to the nearest (to the even one of two), towards 0. Constants to every derivative.
/// int64 stays as it is.
[[nodiscard]] XGRAD_API Tensor floor(const Tensor& x);
[[nodiscard]] XGRAD_API Tensor ceil(const Tensor& x);
[[nodiscard]] XGRAD_API Tensor round(const Tensor& x);
[[nodiscard]] XGRAD_API Tensor trunc(const Tensor& x);
/// a − q b with q = trunc(a / b): exact, and of the sign of a, as C's. NaN for b = 0; of int64 that is a ValueError at
/// evaluation.
[[nodiscard]] XGRAD_API Tensor fmod(const Tensor& a, const Tensor& b);
/// a − q b with q = ⌊a / b⌋: of the sign of b, as Python's %. Likewise for b = 0.
[[nodiscard]] XGRAD_API Tensor remainder(const Tensor& a, const Tensor& b);

// Any dtype in, bool out, no gradient. int64 and bool are always finite.
[[nodiscard]] XGRAD_API Tensor isnan(const Tensor& x);
/// Whether x is ∞ or −∞.
[[nodiscard]] XGRAD_API Tensor isinf(const Tensor& x);
[[nodiscard]] XGRAD_API Tensor isfinite(const Tensor& x);

// A number on either side.
[[nodiscard]] XGRAD_API Tensor atan2(const Tensor& y, double x);
[[nodiscard]] XGRAD_API Tensor atan2(double y, const Tensor& x);
[[nodiscard]] XGRAD_API Tensor hypot(const Tensor& a, double b);
[[nodiscard]] XGRAD_API Tensor fmod(const Tensor& a, double b);
[[nodiscard]] XGRAD_API Tensor fmod(double a, const Tensor& b);
[[nodiscard]] XGRAD_API Tensor remainder(const Tensor& a, double b);
[[nodiscard]] XGRAD_API Tensor remainder(double a, const Tensor& b);

[[nodiscard]] inline Tensor hypot(double a, const Tensor& b) {
  return hypot(b, a);
}

}  // namespace xgrad
