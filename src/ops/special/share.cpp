// share(a, b) = σ(a − b), the derivative of logaddexp        with s = share(a, b): ∂a = s share(b, a), ∂b = −∂a
#include "ops/special/share.hpp"

#include <cmath>

#include "xgrad/math.hpp"

#include "ops/special/function.hpp"

namespace xgrad {

namespace {

struct Share {
  static constexpr std::string_view name = "share";

  static Tensor times_slope(const Call& call, std::size_t i, const Tensor& t) {
    const Tensor slope = call.output * ops::share(call.inputs[1], call.inputs[0]);
    return chain_mul(i == 0 ? t : -t, slope);
  }

  static double value(double a, double b) {
    if (a == b) {
      return 0.5;
    }
    const double difference = b - a;
    const double e = std::exp(difference);
    if (!(std::abs(difference) < 1000)) {
      return 1 / (1 + e);
    }
    // What is lost in rounding b − a, which would count as often as b − a is large (D. Knuth's sum of two).
    const double part = difference - b;
    const double rest = (b - (difference - part)) - (a + part);
    return 1 / (1 + (e + e * rest));
  }
};

}  // namespace

Tensor ops::share(const Tensor& a, const Tensor& b) {
  return ops::apply_binary<Share>(a, b);
}

}  // namespace xgrad
