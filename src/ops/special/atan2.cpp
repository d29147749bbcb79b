// The angle of the point (x, y), in [−π, π]        ∂y = x / (x² + y²), ∂x = −y / (x² + y²), both 0 at (0, 0)
#include <cmath>

#include "xgrad/elementary.hpp"
#include "xgrad/math.hpp"

#include "ops/rules.hpp"
#include "ops/special/function.hpp"
#include "ops/special/plane.hpp"

namespace xgrad {

namespace {

struct Atan2 {
  static constexpr std::string_view name = "atan2";

  static Tensor times_slope(const Call& call, std::size_t i, const Tensor& t) {
    const Tensor& y = call.inputs[0];
    const Tensor& x = call.inputs[1];
    return i == 0 ? chain_mul(t, ops::inversion(x, y)) : -chain_mul(t, ops::inversion(y, x));
  }

  static double value(double y, double x) { return std::atan2(y, x); }
};

}  // namespace

Tensor atan2(const Tensor& y, const Tensor& x) {
  return ops::apply_binary<Atan2>(y, x);
}

Tensor atan2(const Tensor& y, double x) {
  return atan2(y, ops::scalar_beside("atan2", x, y));
}

Tensor atan2(double y, const Tensor& x) {
  return atan2(ops::scalar_beside("atan2", y, x), x);
}

}  // namespace xgrad
