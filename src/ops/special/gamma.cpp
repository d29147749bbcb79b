// ψ and its derivatives by Euler and Maclaurin's summation. Formulas: M. Abramowitz, I. Stegun, "Handbook of
// Mathematical Functions", 1964, 6.3, 6.4 and 23.1.
#include "ops/special/gamma.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>

namespace xgrad::ops {

namespace {

using Wide = long double;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr Wide pi = std::numbers::pi_v<Wide>;

// B₂ⱼ / (2j)! and B₂ⱼ / (2j) of Bernoulli's numbers, from j = 1 on.
constexpr std::array<Wide, 10> by_factorial{1 / 12.0L,
                                            -1 / 720.0L,
                                            1 / 30240.0L,
                                            -1 / 1209600.0L,
                                            1 / 47900160.0L,
                                            -691 / 1307674368000.0L,
                                            1 / 74724249600.0L,
                                            -3617 / 10670622842880000.0L,
                                            43867 / 5109094217170944000.0L,
                                            -174611 / 802857662698291200000.0L};
constexpr std::array<Wide, 10> by_index{1 / 12.0L,        -1 / 120.0L,      1 / 252.0L, -1 / 240.0L,
                                        1 / 132.0L,       -691 / 32760.0L,  1 / 12.0L,  -3617 / 8160.0L,
                                        43867 / 14364.0L, -174611 / 6600.0L};

Wide power(Wide x, std::int64_t exponent) noexcept {
  Wide result = 1;
  for (; exponent != 0; exponent /= 2) {
    result = exponent % 2 != 0 ? result * x : result;
    x *= x;
  }
  return result;
}

// xˢ ζ(s, x) = Σ (x / (x + k))ˢ over k ≥ 0, for s ≥ 2 and x > 0: terms up to an x + k = y from which on the corrections
// fall off, then y / (s − 1) + ½ + Σ B₂ⱼ/(2j)! s (s + 1) … (s + 2j − 2) / y^(2j−1), times (x / y)ˢ.
Wide scaled_zeta(std::int64_t s, Wide x) noexcept {
  constexpr Wide negligible = 0x1p-68L;
  const auto order = static_cast<Wide>(s);
  const Wide enough = 1.35L * (order + 10);
  const Wide share = 1 / (order - 1);
  Wide total = 0;
  Wide y = x;
  Wide term = 1;
  for (Wide k = 0; y < enough; y = x + k) {
    total += term;
    k += 1;
    term = power(x / (x + k), s);
    if (term * (1 + (x + k) * share) < negligible) {
      return total;
    }
  }
  const Wide inverse = 1 / y;
  Wide corrections = y * share + 0.5L;
  Wide factor = order * inverse;
  for (std::size_t j = 0; j < by_factorial.size(); ++j) {
    corrections += by_factorial[j] * factor;
    const Wide next = order + 2 * static_cast<Wide>(j) + 1;
    factor *= next * inverse * ((next + 1) * inverse);
  }
  return total + term * corrections;
}

// n! ζ(n + 1, x) for x > 0.
Wide factorial_zeta(std::int64_t n, Wide x) noexcept {
  Wide scale = 1 / x;
  for (std::int64_t j = 1; j <= n; ++j) {
    scale *= static_cast<Wide>(j) / x;
  }
  return scale * scaled_zeta(n + 1, x);
}

// ψ around its positive zero, as a series in the distance h: Σ (−1)ᵏ⁺¹ ζ(k + 1, zero) hᵏ over k ≥ 1.
class AroundZero {
 public:
  static constexpr Wide reach = 0.25L;

  AroundZero() noexcept {
    for (std::size_t k = 0; k < coefficients_.size(); ++k) {
      const auto s = static_cast<std::int64_t>(k) + 2;
      const Wide zeta = scaled_zeta(s, zero + zero_rest) / power(zero + zero_rest, s);
      coefficients_[k] = k % 2 == 0 ? zeta : -zeta;
    }
  }

  static Wide distance(Wide x) noexcept { return (x - zero) - zero_rest; }

  [[nodiscard]] Wide operator()(Wide h) const noexcept {
    Wide sum = 0;
    for (std::size_t k = coefficients_.size(); k-- > 0;) {
      sum = sum * h + coefficients_[k];
    }
    return sum * h;
  }

 private:
  // 1.46163214496836234126265954232572132846819620400644629512959840859878…, of which the first part has 53 bits.
  static constexpr Wide zero = 0x1.762d86356be3fp+0L;
  static constexpr Wide zero_rest = 9.54999542996569771518419907596705088e-17L;
  std::array<Wide, 30> coefficients_{};
};

// ψ(x) = log y − 1/(2y) − Σ B₂ⱼ/(2j) y^−2j − Σ 1/(x + k) over k < n, with y = x + n.
Wide positive_digamma(Wide x) noexcept {
  static const AroundZero around_zero;
  if (const Wide h = AroundZero::distance(x); std::abs(h) < AroundZero::reach) {
    return around_zero(h);
  }
  constexpr Wide enough = 16;
  Wide steps = 0;
  for (; x < enough; x += 1) {
    steps += 1 / x;
  }
  const Wide inverse = 1 / (x * x);
  Wide series = 0;
  for (std::size_t j = by_index.size(); j-- > 0;) {
    series = (series + by_index[j]) * inverse;
  }
  return std::log(x) - (0.5L / x + series + steps);
}

bool is_whole(double x) noexcept {
  return std::floor(x) == x;
}

}  // namespace

double digamma_of(double x) noexcept {
  if (std::isnan(x) || x == infinity) {
    return x;
  }
  if (x == 0) {
    return -std::copysign(infinity, x);
  }
  if (x > 0) {
    return static_cast<double>(positive_digamma(x));
  }
  if (is_whole(x)) {
    return nan;  // −∞ too
  }
  const Wide turn = static_cast<Wide>(x) - std::nearbyint(static_cast<Wide>(x));
  return static_cast<double>(positive_digamma(1 - static_cast<Wide>(x)) - pi / std::tan(pi * turn));
}

double polygamma_of(std::int64_t n, double x) noexcept {
  const bool odd = n % 2 != 0;
  if (std::isnan(x) || x == infinity) {
    return std::isnan(x) ? x : 0;
  }
  if (x == -infinity) {
    return nan;
  }
  if (x <= 0 && is_whole(x)) {
    if (odd) {
      return infinity;
    }
    return x == 0 ? -std::copysign(infinity, x) : nan;
  }
  if (x > 0) {
    const Wide size = factorial_zeta(n, x);
    return static_cast<double>(odd ? size : -size);
  }
  // The sum over all whole numbers has the period 1; less the part of it that isn't ζ(n + 1, x).
  const Wide below = std::floor(static_cast<Wide>(x));
  const Wide after = static_cast<Wide>(x) - below;
  const Wide before = below + 1 - static_cast<Wide>(x);
  const Wide left = factorial_zeta(n, before) - factorial_zeta(n, 1 - static_cast<Wide>(x));
  const Wide right = factorial_zeta(n, after);
  return static_cast<double>(odd ? right + left : left - right);
}

}  // namespace xgrad::ops
