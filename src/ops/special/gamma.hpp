#pragma once

#include <cstdint>

/// The derivatives of log Γ, of numbers. Computed in long double: where that has 64 bits or more, results are hardly
/// more than half a unit in the last place of double off, except beside the zeros that they have for x < 0, where the
/// error is that small beside the terms which cancel there.
namespace xgrad::ops {

/// ψ(x). ∓∞ at ±0, NaN at whole numbers below and at −∞.
[[nodiscard]] double digamma_of(double x) noexcept;
/// ψ⁽ⁿ⁾(x) for n ≥ 1. At 0, −1, …: ∞ for an odd n, the limit from both sides; else ∓∞ at ±0, NaN below. NaN at −∞.
[[nodiscard]] double polygamma_of(std::int64_t n, double x) noexcept;

}  // namespace xgrad::ops
