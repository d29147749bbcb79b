// x, and α (e^(x/α) − 1) for x ≤ 0        celu′ = 1, and e^(x/α) for x ≤ 0
#include <cmath>
#include <fmt/format.h>

#include "xgrad/activations.hpp"
#include "xgrad/error.hpp"

#include "ops/activations/exponential_unit.hpp"

namespace xgrad {

namespace {

struct Celu {
  static constexpr std::string_view name = "celu";
  static constexpr std::string_view slope_name = "celu_slope";
  double alpha;

  friend bool operator==(const Celu&, const Celu&) = default;
  [[nodiscard]] std::vector<Attribute> attributes() const { return {{"alpha", alpha}}; }
  [[nodiscard]] ops::ExponentialUnit unit() const noexcept { return {.below = alpha, .width = alpha}; }

  [[nodiscard]] TileKernel tile(DType dtype) const { return ops::ExponentialTiles<Celu>::value(unit(), dtype); }
  [[nodiscard]] TileKernel slope_tile(DType dtype) const { return ops::ExponentialTiles<Celu>::slope(unit(), dtype); }
  [[nodiscard]] Tensor times_curvature(const Call& call, const Tensor& t) const {
    return ops::times_exponential_curvature(call, t, alpha);
  }
};

}  // namespace

Tensor celu(const Tensor& x, double alpha) {
  if (!(alpha > 0) || std::isinf(alpha)) {
    throw ValueError(fmt::format("[celu] found alpha = {}; expected a positive number", alpha));
  }
  return ops::activation(x, Celu{alpha});
}

}  // namespace xgrad
