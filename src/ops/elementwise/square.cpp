// x²        ∂x = 2 x

#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/rules.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

class SquareOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "square"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::square; }
  [[nodiscard]] Notation notation() const noexcept override { return {Notation::Form::postfix, "²", 4}; }

  [[nodiscard]] DType infer_dtype(std::span<const Tensor> inputs) const override {
    return ops::require_numeric(name(), inputs);
  }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return chain_mul(t, 2.0 * call.inputs[0]);
  }

  static std::int64_t value(std::int64_t x) noexcept { return ops::wrapping_mul(x, x); }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return output == int64 ? tile_of<SquareOperation, std::int64_t, std::int64_t>()
                           : run::vector_tile(&run::VectorKernels::square, output);
  }
};

}  // namespace

Tensor square(const Tensor& x) {
  static const auto operation = std::make_shared<const SquareOperation>();
  return apply(operation, {x});
}

}  // namespace xgrad
