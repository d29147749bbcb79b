// ∛x        cbrt′ = 1 / (3 y²)
#include <cmath>

#include "xgrad/elementary.hpp"
#include "xgrad/math.hpp"

#include "ops/special/function.hpp"

namespace xgrad {

namespace {

struct Cbrt {
  static constexpr std::string_view name = "cbrt";

  static Tensor times_slope(const Call& call, const Tensor& t) { return chain_div(t, 3.0 * square(call.output)); }

  static double value(double x) {
    const double y = std::cbrt(x);
    if (y == 0 || !std::isfinite(y)) {
      return y;
    }
    // One step of Newton's method: the C library's is up to four units in the last place off.
    const long double precise = y;
    const long double squared = precise * precise;
    return static_cast<double>(precise - (squared * precise - x) / (3 * squared));
  }
};

}  // namespace

Tensor cbrt(const Tensor& x) {
  return ops::apply_unary<Cbrt>(x);
}

}  // namespace xgrad
