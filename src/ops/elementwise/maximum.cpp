// max(a, b), NaN if either is        ∂a = [a > b] + ½ [a = b], ∂b = [b > a] + ½ [a = b]
#include <algorithm>

#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/elementwise/slopes.hpp"
#include "ops/rules.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

class MaximumOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "maximum"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 2; }
  [[nodiscard]] Notation notation() const noexcept override { return {.symbol = "max"}; }

  [[nodiscard]] DType infer_dtype(std::span<const Tensor> inputs) const override {
    return ops::require_numeric(name(), inputs);
  }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t i, const Tensor& t) const override {
    const Tensor& mine = call.inputs[i];
    const Tensor& other = call.inputs[1 - i];
    return chain_mul(t, ops::larger_slope(mine, other));
  }

  static std::int64_t value(std::int64_t a, std::int64_t b) noexcept { return std::max(a, b); }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return output == int64 ? tile_of<MaximumOperation, std::int64_t, std::int64_t, 2>()
                           : run::vector_tile(&run::VectorKernels::maximum, output);
  }
};

}  // namespace

Tensor maximum(const Tensor& a, const Tensor& b) {
  static const auto operation = std::make_shared<const MaximumOperation>();
  return apply(operation, {a, b});
}

Tensor maximum(const Tensor& a, double b) {
  return maximum(a, ops::scalar_beside("maximum", b, a));
}

}  // namespace xgrad
