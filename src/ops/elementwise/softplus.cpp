// log(1 + e^x)        softplus′ = σ
#include <typeinfo>

#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/recognise.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

class SoftplusOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "softplus"; }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return chain_mul(t, sigmoid(call.inputs[0]));
  }

  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return run::vector_tile(&run::VectorKernels::softplus, output);
  }
};

}  // namespace

bool ops::is_softplus(const Operation& operation) noexcept {
  return typeid(operation) == typeid(SoftplusOperation);
}

Tensor softplus(const Tensor& x) {
  static const auto operation = std::make_shared<const SoftplusOperation>();
  return apply(operation, {x});
}

}  // namespace xgrad
