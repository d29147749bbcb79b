// σ(x) = 1 / (1 + e^−x)        σ′ = σ (1 − σ)
#include <typeinfo>

#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/recognise.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

class SigmoidOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "sigmoid"; }
  [[nodiscard]] Notation notation() const noexcept override { return {.symbol = "σ"}; }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return chain_mul(t, call.output * (1.0 - call.output));
  }

  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return run::vector_tile(&run::VectorKernels::sigmoid, output);
  }
};

}  // namespace

bool ops::is_sigmoid(const Operation& operation) noexcept {
  return typeid(operation) == typeid(SigmoidOperation);
}

Tensor sigmoid(const Tensor& x) {
  static const auto operation = std::make_shared<const SigmoidOperation>();
  return apply(operation, {x});
}

}  // namespace xgrad
