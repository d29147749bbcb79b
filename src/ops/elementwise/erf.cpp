// erf x = 2/√π ∫₀ˣ e^−s² ds        erf′ = 2/√π e^−x²
#include <numbers>

#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

class ErfOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "erf"; }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return chain_mul(t, 2.0 * std::numbers::inv_sqrtpi * exp(-square(call.inputs[0])));
  }

  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return run::vector_tile(&run::VectorKernels::erf, output);
  }
};

}  // namespace

Tensor erf(const Tensor& x) {
  static const auto operation = std::make_shared<const ErfOperation>();
  return apply(operation, {x});
}

}  // namespace xgrad
