// log |Γ(x)|        lgamma′ = digamma
#include <cmath>

#include "xgrad/math.hpp"
#include "xgrad/special.hpp"

#include "ops/special/function.hpp"

namespace xgrad {

namespace {

struct Lgamma {
  static constexpr std::string_view name = "lgamma";

  static Tensor times_slope(const Call& call, const Tensor& t) { return chain_mul(t, digamma(call.inputs[0])); }

  static double value(double x) {
    int sign = 0;
    return ::lgamma_r(x, &sign);  // std::lgamma writes the sign to a variable of all threads
  }
};

}  // namespace

Tensor lgamma(const Tensor& x) {
  return ops::apply_unary<Lgamma>(x);
}

}  // namespace xgrad
