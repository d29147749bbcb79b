// ψ(x) = Γ′(x) / Γ(x)        digamma′ = polygamma(1, ·)
#include "xgrad/math.hpp"
#include "xgrad/special.hpp"

#include "ops/special/function.hpp"
#include "ops/special/gamma.hpp"

namespace xgrad {

namespace {

struct Digamma {
  static constexpr std::string_view name = "digamma";

  static Tensor times_slope(const Call& call, const Tensor& t) { return chain_mul(t, polygamma(1, call.inputs[0])); }

  static double value(double x) { return ops::digamma_of(x); }
};

}  // namespace

Tensor digamma(const Tensor& x) {
  return ops::apply_unary<Digamma>(x);
}

}  // namespace xgrad
