// √(a² + b²), where no square over- or underflows        ∂a = a / y, ∂b = b / y, both 0 at (0, 0)
#include <cmath>

#include "xgrad/elementary.hpp"
#include "xgrad/math.hpp"

#include "ops/rules.hpp"
#include "ops/special/function.hpp"
#include "ops/special/plane.hpp"

namespace xgrad {

namespace {

struct Hypot {
  static constexpr std::string_view name = "hypot";

  static Tensor times_slope(const Call& call, std::size_t i, const Tensor& t) {
    return chain_mul(t, ops::direction(call.inputs[i], call.inputs[1 - i]));
  }

  static double value(double a, double b) {
    const double square = a * a + b * b;
    if (square > 1e-280 && square < 1e300) {
      return std::sqrt(square);
    }
    return std::isnan(square) ? square : std::hypot(a, b);  // std::hypot(∞, NaN) is ∞
  }
};

}  // namespace

Tensor hypot(const Tensor& a, const Tensor& b) {
  return ops::apply_binary<Hypot>(a, b);
}

Tensor hypot(const Tensor& a, double b) {
  return hypot(a, ops::scalar_beside("hypot", b, a));
}

}  // namespace xgrad
