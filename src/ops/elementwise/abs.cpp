// |x|        ∂x = sign(x): 0 at the kink
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/rules.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

class AbsOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "abs"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::abs; }

  [[nodiscard]] DType infer_dtype(std::span<const Tensor> inputs) const override {
    return ops::require_numeric(name(), inputs);
  }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return chain_mul(t, sign(call.inputs[0]));
  }

  static std::int64_t value(std::int64_t x) noexcept { return x < 0 ? ops::wrapping_sub(0, x) : x; }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return output == int64 ? tile_of<AbsOperation, std::int64_t, std::int64_t>()
                           : run::vector_tile(&run::VectorKernels::abs, output);
  }
};

}  // namespace

Tensor abs(const Tensor& x) {
  static const auto operation = std::make_shared<const AbsOperation>();
  return apply(operation, {x});
}

}  // namespace xgrad
