// σ(x) = 1 / (1 + e^−x)        σ′ = σ (1 − σ)

#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/primitives.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

class SigmoidOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "sigmoid"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::sigmoid; }
  [[nodiscard]] Notation notation() const noexcept override { return {.symbol = "σ"}; }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return chain_mul(t, call.output * (1.0 - call.output));
  }

  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return run::vector_tile(&run::VectorKernels::sigmoid, output);
  }
};

}  // namespace

const ops::OperationPointer& ops::sigmoid_operation() {
  static const OperationPointer operation = std::make_shared<const SigmoidOperation>();
  return operation;
}

Tensor sigmoid(const Tensor& x) {
  return apply(ops::sigmoid_operation(), {x});
}

}  // namespace xgrad
