// log(1 + e^x)        softplus′ = σ

#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/primitives.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

class SoftplusOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "softplus"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::softplus; }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return chain_mul(t, sigmoid(call.inputs[0]));
  }

  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return run::vector_tile(&run::VectorKernels::softplus, output);
  }
};

}  // namespace

const ops::OperationPointer& ops::softplus_operation() {
  static const OperationPointer operation = std::make_shared<const SoftplusOperation>();
  return operation;
}

Tensor softplus(const Tensor& x) {
  return apply(ops::softplus_operation(), {x});
}

}  // namespace xgrad
