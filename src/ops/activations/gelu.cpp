// x Φ(x)        gelu′ = Φ + x φ,   gelu″ = (2 − x²) φ
#include <numbers>

#include "xgrad/activations.hpp"
#include "xgrad/math.hpp"

#include "ops/activations/activation.hpp"

namespace xgrad {

namespace {

struct Gelu {
  static constexpr std::string_view name = "gelu";
  static constexpr std::string_view slope_name = "gelu_slope";
  static constexpr auto kernel = &run::VectorKernels::gelu;
  static constexpr auto slope_kernel = &run::VectorKernels::gelu_slope;

  [[nodiscard]] static Tensor times_curvature(const Call& call, const Tensor& t) {
    constexpr double scale = std::numbers::inv_sqrtpi / std::numbers::sqrt2;
    const Tensor squared = square(call.inputs[0]);
    return chain_mul(t, chain_mul(exp(squared * -0.5) * scale, 2.0 - squared));
  }
};

}  // namespace

Tensor gelu(const Tensor& x) {
  return ops::activation<Gelu>(x);
}

}  // namespace xgrad
