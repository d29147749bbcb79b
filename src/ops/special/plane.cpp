// direction: p = a / r, with q = b / r and r = √(a² + b²)        ∂a = q² / r, ∂b = −p q / r
// inversion: p = a / r², with q = b / r²        ∂a = q² − p², ∂b = −2 p q
#include "ops/special/plane.hpp"

#include <cmath>

#include "xgrad/elementary.hpp"
#include "xgrad/math.hpp"

#include "ops/special/function.hpp"

namespace xgrad {

namespace {

struct Direction {
  static constexpr std::string_view name = "direction";

  static Tensor times_slope(const Call& call, std::size_t i, const Tensor& t) {
    const Tensor& a = call.inputs[0];
    const Tensor& b = call.inputs[1];
    const Tensor q = ops::direction(b, a);
    const Tensor turned = i == 0 ? square(q) : -(call.output * q);
    return chain_mul(t, chain_div(turned, hypot(a, b)));
  }

  static double value(double a, double b) {
    if (a == 0 && !std::isnan(b)) {
      return b == 0 ? 0 : a / std::abs(b);
    }
    if (std::isinf(a) && std::isfinite(b)) {
      return std::copysign(1.0, a);
    }
    if (std::abs(a) >= std::abs(b)) {
      const double ratio = b / a;
      return std::copysign(1 / std::sqrt(1 + ratio * ratio), a);
    }
    const double ratio = a / b;
    return std::copysign(1.0, b) * ratio / std::sqrt(1 + ratio * ratio);
  }
};

struct Inversion {
  static constexpr std::string_view name = "inversion";

  static Tensor times_slope(const Call& call, std::size_t i, const Tensor& t) {
    const Tensor& p = call.output;
    const Tensor q = ops::inversion(call.inputs[1], call.inputs[0]);
    return chain_mul(t, i == 0 ? (q - p) * (q + p) : -2.0 * (p * q));
  }

  static double value(double a, double b) {
    if (a == 0 && b == 0) {
      return 0;
    }
    if ((std::isinf(a) && !std::isnan(b)) || (std::isinf(b) && !std::isnan(a))) {
      return 0;
    }
    if (std::abs(a) >= std::abs(b)) {
      return 1 / (a + b * (b / a));
    }
    const double ratio = a / b;
    return ratio / (a * ratio + b);
  }
};

}  // namespace

Tensor ops::direction(const Tensor& a, const Tensor& b) {
  return ops::apply_binary<Direction>(a, b);
}

Tensor ops::inversion(const Tensor& a, const Tensor& b) {
  return ops::apply_binary<Inversion>(a, b);
}

}  // namespace xgrad
