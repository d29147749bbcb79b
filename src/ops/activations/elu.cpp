// x, and α (e^x − 1) for x ≤ 0        elu′ = 1, and α e^x for x ≤ 0
#include <cmath>
#include <fmt/format.h>

#include "xgrad/activations.hpp"
#include "xgrad/error.hpp"

#include "ops/activations/exponential_unit.hpp"

namespace xgrad {

namespace {

struct Elu {
  static constexpr std::string_view name = "elu";
  static constexpr std::string_view slope_name = "elu_slope";
  double alpha;

  friend bool operator==(const Elu&, const Elu&) = default;
  [[nodiscard]] std::vector<Attribute> attributes() const { return {{"alpha", alpha}}; }
  [[nodiscard]] ops::ExponentialUnit unit() const noexcept { return {.below = alpha}; }

  [[nodiscard]] TileKernel tile(DType dtype) const { return ops::ExponentialTiles<Elu>::value(unit(), dtype); }
  [[nodiscard]] TileKernel slope_tile(DType dtype) const { return ops::ExponentialTiles<Elu>::slope(unit(), dtype); }
  [[nodiscard]] static Tensor times_curvature(const Call& call, const Tensor& t) {
    return ops::times_exponential_curvature(call, t, 1);
  }
};

}  // namespace

Tensor elu(const Tensor& x, double alpha) {
  if (!(alpha >= 0) || std::isinf(alpha)) {
    throw ValueError(fmt::format("[elu] found alpha = {}; expected a finite number, 0 or larger", alpha));
  }
  return ops::activation(x, Elu{alpha});
}

}  // namespace xgrad
