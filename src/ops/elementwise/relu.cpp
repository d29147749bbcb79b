// max(x, 0), NaN for NaN        relu′ = [x > 0], NaN for NaN
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/elementwise/slopes.hpp"
#include "ops/primitives.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

class ReluOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "relu"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::relu; }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return chain_mul(t, ops::relu_slope(call.inputs[0]));
  }

  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return run::vector_tile(&run::VectorKernels::relu, output);
  }
};

}  // namespace

const ops::OperationPointer& ops::relu_operation() {
  static const OperationPointer operation = std::make_shared<const ReluOperation>();
  return operation;
}

Tensor relu(const Tensor& x) {
  return apply(ops::relu_operation(), {x});
}

}  // namespace xgrad
