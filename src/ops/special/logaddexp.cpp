// log(e^a + e^b)        ∂a = σ(a − b), ∂b = σ(b − a), both ½ where a = b
#include <cmath>
#include <numbers>

#include "xgrad/math.hpp"
#include "xgrad/special.hpp"

#include "ops/rules.hpp"
#include "ops/special/function.hpp"
#include "ops/special/share.hpp"

namespace xgrad {

namespace {

struct Logaddexp {
  static constexpr std::string_view name = "logaddexp";

  static Tensor times_slope(const Call& call, std::size_t i, const Tensor& t) {
    return chain_mul(t, ops::share(call.inputs[i], call.inputs[1 - i]));
  }

  static double value(double a, double b) {
    if (a == b) {
      return a + std::numbers::ln2;  // infinities, too
    }
    return std::fmax(a, b) + std::log1p(std::exp(-std::abs(a - b)));
  }
};

}  // namespace

Tensor logaddexp(const Tensor& a, const Tensor& b) {
  return ops::apply_binary<Logaddexp>(a, b);
}

Tensor logaddexp(const Tensor& a, double b) {
  return logaddexp(a, ops::scalar_beside("logaddexp", b, a));
}

}  // namespace xgrad
