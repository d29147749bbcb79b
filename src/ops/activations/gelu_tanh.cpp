// x σ(w), w = √(8/π) (x + 0.044715 x³), which is ½ x (1 + tanh(w / 2))
// gelu_tanh′ = σ(w) + x σ′(w) w′,   gelu_tanh″ = σ′(w) (2 w′ + x w″ + x (1 − 2 σ(w)) w′²)
#include "xgrad/activations.hpp"
#include "xgrad/math.hpp"

#include "ops/activations/activation.hpp"

namespace xgrad {

namespace {

struct GeluTanh {
  static constexpr std::string_view name = "gelu_tanh";
  static constexpr std::string_view slope_name = "gelu_tanh_slope";
  static constexpr auto kernel = &run::VectorKernels::gelu_tanh;
  static constexpr auto slope_kernel = &run::VectorKernels::gelu_tanh_slope;

  [[nodiscard]] static Tensor times_curvature(const Call& call, const Tensor& t) {
    constexpr double root = 1.5957691216057307117597842397375;  // √(8/π)
    constexpr double cubic = 0.044715 * root;
    constexpr double all_zero = 30;  // σ′(w), from here on
    const Tensor x = clip(call.inputs[0], -all_zero, all_zero);
    const Tensor squared = square(x);
    const Tensor w = x * (root + cubic * squared);
    const Tensor first = root + 3 * cubic * squared;
    const Tensor s = sigmoid(w);
    const Tensor bend = 2.0 * first + 6 * cubic * squared + x * (1.0 - 2.0 * s) * square(first);
    return chain_mul(t, s * sigmoid(-w) * bend);
  }
};

}  // namespace

Tensor gelu_tanh(const Tensor& x) {
  return ops::activation<GeluTanh>(x);
}

}  // namespace xgrad
