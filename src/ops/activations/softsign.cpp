// x / (1 + |x|)        softsign′ = 1 / (1 + |x|)²,   softsign″ = −2 sign(x) / (1 + |x|)³
#include <cmath>

#include "xgrad/activations.hpp"
#include "xgrad/math.hpp"

#include "ops/activations/activation.hpp"

namespace xgrad {

namespace {

struct Softsign {
  static constexpr std::string_view name = "softsign";
  static constexpr std::string_view slope_name = "softsign_slope";

  template <class T>
  [[nodiscard]] static T value(T x) noexcept {
    return std::isinf(x) ? std::copysign(T{1}, x) : x / (1 + std::abs(x));
  }
  template <class T>
  [[nodiscard]] static T slope(T x) noexcept {
    const T share = 1 / (1 + std::abs(x));
    return share * share;
  }
  [[nodiscard]] static Tensor times_curvature(const Call& call, const Tensor& t) {
    const Tensor& x = call.inputs[0];
    const Tensor share = 1.0 / (1.0 + abs(x));
    return chain_mul(t, -2.0 * sign(x) * share * square(share));
  }
};

}  // namespace

Tensor softsign(const Tensor& x) {
  return ops::activation<Softsign>(x);
}

}  // namespace xgrad
