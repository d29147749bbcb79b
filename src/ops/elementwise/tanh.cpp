// tanh x        tanh′ = 1 − tanh²
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/primitives.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

class TanhOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "tanh"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::tanh; }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return chain_mul(t, 1.0 - square(call.output));
  }

  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return run::vector_tile(&run::VectorKernels::tanh, output);
  }
};

}  // namespace

const ops::OperationPointer& ops::tanh_operation() {
  static const OperationPointer operation = std::make_shared<const TanhOperation>();
  return operation;
}

Tensor tanh(const Tensor& x) {
  return apply(ops::tanh_operation(), {x});
}

}  // namespace xgrad
