// erfc x = 1 − erf x        erfc′ = −2/√π e^−x²
#include <cmath>
#include <numbers>

#include "xgrad/math.hpp"
#include "xgrad/special.hpp"

#include "ops/special/bell.hpp"
#include "ops/special/function.hpp"

namespace xgrad {

namespace {

struct Erfc {
  static constexpr std::string_view name = "erfc";

  static Tensor times_slope(const Call& call, const Tensor& t) {
    return -2.0 * std::numbers::inv_sqrtpi * chain_mul(t, ops::bell(call.inputs[0]));
  }

  static double value(double x) { return std::erfc(x); }
};

}  // namespace

Tensor erfc(const Tensor& x) {
  return ops::apply_unary<Erfc>(x);
}

}  // namespace xgrad
