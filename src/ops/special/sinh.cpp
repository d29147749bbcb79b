// sinh x        sinh′ = cosh
#include <cmath>

#include "xgrad/elementary.hpp"
#include "xgrad/math.hpp"

#include "ops/special/function.hpp"

namespace xgrad {

namespace {

struct Sinh {
  static constexpr std::string_view name = "sinh";

  static Tensor times_slope(const Call& call, const Tensor& t) { return chain_mul(t, cosh(call.inputs[0])); }

  static double value(double x) { return std::sinh(x); }
};

}  // namespace

Tensor sinh(const Tensor& x) {
  return ops::apply_unary<Sinh>(x);
}

}  // namespace xgrad
