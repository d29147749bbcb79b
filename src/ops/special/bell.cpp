// e^−x²        bell′ = −2 x bell
#include "ops/special/bell.hpp"

#include <cmath>

#include "xgrad/math.hpp"

#include "ops/special/function.hpp"

namespace xgrad {

namespace {

struct Bell {
  static constexpr std::string_view name = "bell";

  static Tensor times_slope(const Call& call, const Tensor& t) {
    return -2.0 * chain_mul(t, chain_mul(call.output, call.inputs[0]));
  }

  static double value(double x) {
    const double square = x * x;
    const double e = std::exp(-square);
    if (e == 0 || std::isnan(e)) {
      return e;
    }
    const double rest = std::fma(x, x, -square);  // x² less its rounded value
    return e - e * rest;
  }
};

}  // namespace

Tensor ops::bell(const Tensor& x) {
  return ops::apply_unary<Bell>(x);
}

}  // namespace xgrad
