#pragma once

#include <cstdint>

#include "xgrad/export.hpp"
#include "xgrad/tensor.hpp"

/// Special functions, element by element, of float32 and float64. docs/operations.md has every derivative, and how many
/// units in the last place a result may be off. Outside of a function's domain the result is NaN, as for NaN.
namespace xgrad {

/// log(e^a + e^b), without overflow; both −∞: −∞. a and b agree in dtype (DTypeError) and broadcast (ShapeError). Where
/// they are equal, each gets half of the gradient, also where both are the same infinity.
[[nodiscard]] XGRAD_API Tensor logaddexp(const Tensor& a, const Tensor& b);
[[nodiscard]] XGRAD_API Tensor logaddexp(const Tensor& a, double b);
[[nodiscard]] inline Tensor logaddexp(double a, const Tensor& b) {
  return logaddexp(b, a);
}
/// log(x / (1 − x)), the inverse of sigmoid: right beside ½, where it is 0, and beside 0 and 1, where it is ∓∞.
[[nodiscard]] XGRAD_API Tensor logit(const Tensor& x);
/// 1 − erf(x), right to a share of itself for large x, too.
[[nodiscard]] XGRAD_API Tensor erfc(const Tensor& x);
/// The inverse of erf: ±∞ at ±1.
[[nodiscard]] XGRAD_API Tensor erfinv(const Tensor& x);
/// sin(πx) / (πx), and 1 at 0.
[[nodiscard]] XGRAD_API Tensor sinc(const Tensor& x);
/// log |Γ(x)|: ∞ at 0, −1, −2, …
[[nodiscard]] XGRAD_API Tensor lgamma(const Tensor& x);
/// ψ(x) = Γ′(x) / Γ(x), the derivative of lgamma: −∞ at 0, ∞ at −0, NaN at −1, −2, …
[[nodiscard]] XGRAD_API Tensor digamma(const Tensor& x);
/// ψ⁽ⁿ⁾(x), the derivative of this order of digamma, which is that of order 0: (−1)ⁿ⁺¹ n! Σ 1/(x + k)ⁿ⁺¹ over k ≥ 0. At
/// 0, −1, …: ∞ for an odd order; for an even one ∓∞ at ±0 and NaN below. Throws ValueError for an order that isn't in
/// [0, 1000].
[[nodiscard]] XGRAD_API Tensor polygamma(std::int64_t order, const Tensor& x);

}  // namespace xgrad
