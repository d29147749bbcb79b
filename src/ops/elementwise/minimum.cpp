// min(a, b), NaN if either is        ∂a = [a < b] + ½ [a = b], ∂b = [b < a] + ½ [a = b]
#include <algorithm>

#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/elementwise/slopes.hpp"
#include "ops/rules.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

class MinimumOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "minimum"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 2; }
  [[nodiscard]] Notation notation() const noexcept override { return {.symbol = "min"}; }

  [[nodiscard]] DType infer_dtype(std::span<const Tensor> inputs) const override {
    return ops::require_numeric(name(), inputs);
  }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t i, const Tensor& t) const override {
    const Tensor& mine = call.inputs[i];
    const Tensor& other = call.inputs[1 - i];
    return chain_mul(t, ops::larger_slope(other, mine));
  }

  static std::int64_t value(std::int64_t a, std::int64_t b) noexcept { return std::min(a, b); }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return output == int64 ? tile_of<MinimumOperation, std::int64_t, std::int64_t, 2>()
                           : run::vector_tile(&run::VectorKernels::minimum, output);
  }
};

}  // namespace

Tensor minimum(const Tensor& a, const Tensor& b) {
  static const auto operation = std::make_shared<const MinimumOperation>();
  return apply(operation, {a, b});
}

Tensor minimum(const Tensor& a, double b) {
  return minimum(a, ops::scalar_beside("minimum", b, a));
}

}  // namespace xgrad
