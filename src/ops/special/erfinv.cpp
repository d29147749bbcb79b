// The inverse of erf        erfinv′ = √π/2 e^y²
#include <cmath>
#include <limits>
#include <numbers>

#include "xgrad/math.hpp"
#include "xgrad/special.hpp"

#include "ops/special/function.hpp"

namespace xgrad {

namespace {

constexpr double half_sqrt_pi = 0.5 / std::numbers::inv_sqrtpi;

// S. Winitzki, "A handy approximation for the error function and its inverse", 2008: to 2e-3 of itself. `rest` is
// 1 − x.
double first_guess(double x, double rest) {
  constexpr double a = 0.147;
  const double logarithm = x < 0.5 ? std::log1p(-x * x) : std::log(rest * (1 + x));
  const double half = 2 / (std::numbers::pi * a) + logarithm / 2;
  const double product = logarithm / a;  // √(half² − product) − half, without its cancellation
  return std::sqrt(-product / (std::sqrt(half * half - product) + half));
}

// For 0 < x < 1: steps of Halley's method on erf, or, where 1 − x is exact and has more to tell, on erfc.
double positive(double x) {
  const double rest = 1 - x;
  double y = first_guess(x, rest);
  const int steps = x < 0.9 ? 2 : 3;  // each has three times as many right digits as the one before
  for (int step = 0; step < steps; ++step) {
    const double excess = x < 0.5 ? std::erf(y) - x : rest - std::erfc(y);
    const double newton = excess * half_sqrt_pi * std::exp(y * y);
    y -= newton / (1 + y * newton);
  }
  return y;
}

struct Erfinv {
  static constexpr std::string_view name = "erfinv";

  static Tensor times_slope(const Call& call, const Tensor& t) {
    return half_sqrt_pi * chain_mul(t, exp(square(call.output)));
  }

  static double value(double x) {
    const double size = std::abs(x);
    if (size < 1e-8) {
      return half_sqrt_pi * x;  // and a share of x³ beyond rounding
    }
    if (size < 1) {
      return std::copysign(positive(size), x);
    }
    using Limits = std::numeric_limits<double>;
    return size == 1 ? std::copysign(Limits::infinity(), x) : Limits::quiet_NaN();
  }
};

}  // namespace

Tensor erfinv(const Tensor& x) {
  return ops::apply_unary<Erfinv>(x);
}

}  // namespace xgrad
