// log(x / (1 − x))        logit′ = 1 / (x (1 − x))
#include <cmath>

#include "xgrad/math.hpp"
#include "xgrad/special.hpp"

#include "ops/special/function.hpp"

namespace xgrad {

namespace {

struct Logit {
  static constexpr std::string_view name = "logit";

  static Tensor times_slope(const Call& call, const Tensor& t) {
    const Tensor& x = call.inputs[0];
    return chain_div(t, x * (1.0 - x));
  }

  static double value(double x) {
    // x / (1 − x) = 1 + (2x − 1) / (1 − x), where 2x − 1 is exact.
    return x > 0.25 && x < 0.75 ? std::log1p((2 * x - 1) / (1 - x)) : std::log(x / (1 - x));
  }
};

}  // namespace

Tensor logit(const Tensor& x) {
  return ops::apply_unary<Logit>(x);
}

}  // namespace xgrad
