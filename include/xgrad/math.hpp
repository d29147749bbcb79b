#pragma once

#include "xgrad/export.hpp"
#include "xgrad/tensor.hpp"

/// Element-wise operations. All broadcast by NumPy's rule. Tensors must agree in dtype (DTypeError otherwise); a number
/// beside a tensor takes the tensor's dtype. docs/operations.md lists every derivative.
namespace xgrad {

// float32, float64, int64.
[[nodiscard]] XGRAD_API Tensor add(const Tensor& a, const Tensor& b);
[[nodiscard]] XGRAD_API Tensor sub(const Tensor& a, const Tensor& b);
[[nodiscard]] XGRAD_API Tensor mul(const Tensor& a, const Tensor& b);
[[nodiscard]] XGRAD_API Tensor neg(const Tensor& x);
[[nodiscard]] XGRAD_API Tensor square(const Tensor& x);
/// ∂|x| = sign(x): 0 at the kink.
[[nodiscard]] XGRAD_API Tensor abs(const Tensor& x);
/// −1, 0 or 1; NaN for NaN. No gradient.
[[nodiscard]] XGRAD_API Tensor sign(const Tensor& x);
/// NaN if either is NaN. Where a = b, each gets half of the gradient.
[[nodiscard]] XGRAD_API Tensor maximum(const Tensor& a, const Tensor& b);
[[nodiscard]] XGRAD_API Tensor minimum(const Tensor& a, const Tensor& b);
/// min(max(x, low), high). Gradient 1 for low ≤ x ≤ high, bounds included. Throws ValueError unless low ≤ high.
[[nodiscard]] XGRAD_API Tensor clip(const Tensor& x, double low, double high);

// float32, float64.
[[nodiscard]] XGRAD_API Tensor div(const Tensor& a, const Tensor& b);
/// a^b. The gradient for b is 0 where a = 0.
[[nodiscard]] XGRAD_API Tensor pow(const Tensor& a, const Tensor& b);
[[nodiscard]] XGRAD_API Tensor exp(const Tensor& x);
[[nodiscard]] XGRAD_API Tensor expm1(const Tensor& x);
[[nodiscard]] XGRAD_API Tensor log(const Tensor& x);
[[nodiscard]] XGRAD_API Tensor log1p(const Tensor& x);
[[nodiscard]] XGRAD_API Tensor sqrt(const Tensor& x);
/// a log b, and 0 where a = 0 and b = 0.
[[nodiscard]] XGRAD_API Tensor xlogy(const Tensor& a, const Tensor& b);
/// 1/√x.
[[nodiscard]] XGRAD_API Tensor rsqrt(const Tensor& x);
[[nodiscard]] XGRAD_API Tensor sin(const Tensor& x);
[[nodiscard]] XGRAD_API Tensor cos(const Tensor& x);
[[nodiscard]] XGRAD_API Tensor tanh(const Tensor& x);
/// σ(x) = 1 / (1 + e^−x), right for any x.
[[nodiscard]] XGRAD_API Tensor sigmoid(const Tensor& x);
/// max(x, 0); NaN for NaN. Gradient 0 at x = 0.
[[nodiscard]] XGRAD_API Tensor relu(const Tensor& x);
/// log(1 + e^x), right for any x.
[[nodiscard]] XGRAD_API Tensor softplus(const Tensor& x);
/// log σ(x), right for any x.
[[nodiscard]] XGRAD_API Tensor log_sigmoid(const Tensor& x);
[[nodiscard]] XGRAD_API Tensor erf(const Tensor& x);

// For derivatives of your own: a cotangent that is exactly 0, because a branch was not taken, stays 0.
/// t d, but 0 where t = 0 even if d is infinite or NaN, and where d = 0 and t is infinite.
[[nodiscard]] XGRAD_API Tensor chain_mul(const Tensor& t, const Tensor& d);
/// t / d, but 0 where t = 0 even if d is 0 or NaN.
[[nodiscard]] XGRAD_API Tensor chain_div(const Tensor& t, const Tensor& d);

/// `a` where `condition` (bool) holds, else `b`; any dtype for a and b. No gradient for the condition; the branch not
/// taken gets exactly 0.
[[nodiscard]] XGRAD_API Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);
[[nodiscard]] XGRAD_API Tensor where(const Tensor& condition, const Tensor& a, double b);
[[nodiscard]] XGRAD_API Tensor where(const Tensor& condition, double a, const Tensor& b);

// Comparisons: any dtype in, bool out, no gradient. A comparison with NaN is false, not_equal true.
[[nodiscard]] XGRAD_API Tensor equal(const Tensor& a, const Tensor& b);
[[nodiscard]] XGRAD_API Tensor not_equal(const Tensor& a, const Tensor& b);
[[nodiscard]] XGRAD_API Tensor less(const Tensor& a, const Tensor& b);
[[nodiscard]] XGRAD_API Tensor less_equal(const Tensor& a, const Tensor& b);
[[nodiscard]] XGRAD_API Tensor greater(const Tensor& a, const Tensor& b);
[[nodiscard]] XGRAD_API Tensor greater_equal(const Tensor& a, const Tensor& b);

// Logic: bool in, bool out.
[[nodiscard]] XGRAD_API Tensor logical_and(const Tensor& a, const Tensor& b);
[[nodiscard]] XGRAD_API Tensor logical_or(const Tensor& a, const Tensor& b);
[[nodiscard]] XGRAD_API Tensor logical_not(const Tensor& x);

/// The elements in another dtype: float to integer truncates, anything to bool is x ≠ 0. Gradient flows between the
/// floating dtypes only. A value out of int64's range, or NaN, to int64 is a ValueError at evaluation.
[[nodiscard]] XGRAD_API Tensor cast(const Tensor& x, DType dtype);
/// x, but a constant to every derivative.
[[nodiscard]] XGRAD_API Tensor stop_gradient(const Tensor& x);

// A number on either side.
[[nodiscard]] XGRAD_API Tensor add(const Tensor& a, double b);
[[nodiscard]] XGRAD_API Tensor sub(const Tensor& a, double b);
[[nodiscard]] XGRAD_API Tensor sub(double a, const Tensor& b);
[[nodiscard]] XGRAD_API Tensor mul(const Tensor& a, double b);
[[nodiscard]] XGRAD_API Tensor div(const Tensor& a, double b);
[[nodiscard]] XGRAD_API Tensor div(double a, const Tensor& b);
[[nodiscard]] XGRAD_API Tensor pow(const Tensor& a, double b);
[[nodiscard]] XGRAD_API Tensor pow(double a, const Tensor& b);
[[nodiscard]] XGRAD_API Tensor maximum(const Tensor& a, double b);
[[nodiscard]] XGRAD_API Tensor minimum(const Tensor& a, double b);
[[nodiscard]] XGRAD_API Tensor equal(const Tensor& a, double b);
[[nodiscard]] XGRAD_API Tensor not_equal(const Tensor& a, double b);
[[nodiscard]] XGRAD_API Tensor less(const Tensor& a, double b);
[[nodiscard]] XGRAD_API Tensor less_equal(const Tensor& a, double b);
[[nodiscard]] XGRAD_API Tensor greater(const Tensor& a, double b);
[[nodiscard]] XGRAD_API Tensor greater_equal(const Tensor& a, double b);

[[nodiscard]] inline Tensor maximum(double a, const Tensor& b) {
  return maximum(b, a);
}
[[nodiscard]] inline Tensor minimum(double a, const Tensor& b) {
  return minimum(b, a);
}

inline Tensor operator+(const Tensor& a, const Tensor& b) {
  return add(a, b);
}
inline Tensor operator+(const Tensor& a, double b) {
  return add(a, b);
}
inline Tensor operator+(double a, const Tensor& b) {
  return add(b, a);
}
inline Tensor operator-(const Tensor& a, const Tensor& b) {
  return sub(a, b);
}
inline Tensor operator-(const Tensor& a, double b) {
  return sub(a, b);
}
inline Tensor operator-(double a, const Tensor& b) {
  return sub(a, b);
}
inline Tensor operator*(const Tensor& a, const Tensor& b) {
  return mul(a, b);
}
inline Tensor operator*(const Tensor& a, double b) {
  return mul(a, b);
}
inline Tensor operator*(double a, const Tensor& b) {
  return mul(b, a);
}
inline Tensor operator/(const Tensor& a, const Tensor& b) {
  return div(a, b);
}
inline Tensor operator/(const Tensor& a, double b) {
  return div(a, b);
}
inline Tensor operator/(double a, const Tensor& b) {
  return div(a, b);
}
inline Tensor operator-(const Tensor& x) {
  return neg(x);
}
inline Tensor operator<(const Tensor& a, const Tensor& b) {
  return less(a, b);
}
inline Tensor operator<(const Tensor& a, double b) {
  return less(a, b);
}
inline Tensor operator<=(const Tensor& a, const Tensor& b) {
  return less_equal(a, b);
}
inline Tensor operator<=(const Tensor& a, double b) {
  return less_equal(a, b);
}
inline Tensor operator>(const Tensor& a, const Tensor& b) {
  return greater(a, b);
}
inline Tensor operator>(const Tensor& a, double b) {
  return greater(a, b);
}
inline Tensor operator>=(const Tensor& a, const Tensor& b) {
  return greater_equal(a, b);
}
inline Tensor operator>=(const Tensor& a, double b) {
  return greater_equal(a, b);
}
inline Tensor operator<(double a, const Tensor& b) {
  return greater(b, a);
}
inline Tensor operator<=(double a, const Tensor& b) {
  return greater_equal(b, a);
}
inline Tensor operator>(double a, const Tensor& b) {
  return less(b, a);
}
inline Tensor operator>=(double a, const Tensor& b) {
  return less_equal(b, a);
}

}  // namespace xgrad
