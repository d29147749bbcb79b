// λ x, and λ α (e^x − 1) for x ≤ 0        selu′ = λ, and λ α e^x for x ≤ 0
#include "xgrad/activations.hpp"

#include "ops/activations/exponential_unit.hpp"

namespace xgrad {

namespace {

struct Selu {
  static constexpr std::string_view name = "selu";
  static constexpr std::string_view slope_name = "selu_slope";
  static constexpr double alpha = 1.6732632423543772848170429916717;
  static constexpr double lambda = 1.0507009873554804934193349852946;

  [[nodiscard]] static ops::ExponentialUnit unit() noexcept { return {.above = lambda, .below = lambda * alpha}; }

  [[nodiscard]] static TileKernel tile(DType dtype) { return ops::ExponentialTiles<Selu>::value(unit(), dtype); }
  [[nodiscard]] static TileKernel slope_tile(DType dtype) { return ops::ExponentialTiles<Selu>::slope(unit(), dtype); }
  [[nodiscard]] static Tensor times_curvature(const Call& call, const Tensor& t) {
    return ops::times_exponential_curvature(call, t, 1);
  }
};

}  // namespace

Tensor selu(const Tensor& x) {
  return ops::activation<Selu>(x);
}

}  // namespace xgrad
