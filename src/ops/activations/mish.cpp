// x τ, τ = tanh(softplus(x))        mish′ = τ + x τ′,   τ′ = (1 − τ²) σ,   mish″ = τ′ (2 + x (1 − σ − 2 τ σ))
#include "xgrad/activations.hpp"
#include "xgrad/math.hpp"

#include "ops/activations/activation.hpp"

namespace xgrad {

namespace {

struct Mish {
  static constexpr std::string_view name = "mish";
  static constexpr std::string_view slope_name = "mish_slope";
  static constexpr auto kernel = &run::VectorKernels::mish;
  static constexpr auto slope_kernel = &run::VectorKernels::mish_slope;

  [[nodiscard]] static Tensor times_curvature(const Call& call, const Tensor& t) {
    constexpr double all_zero = 1000;  // τ′, from here on
    const Tensor x = clip(call.inputs[0], -all_zero, all_zero);
    const Tensor s = sigmoid(x);
    const Tensor gate = tanh(softplus(x));
    return chain_mul(t, (1.0 - square(gate)) * s * (2.0 + x * (1.0 - s - 2.0 * gate * s)));
  }
};

}  // namespace

Tensor mish(const Tensor& x) {
  return ops::activation<Mish>(x);
}

}  // namespace xgrad
