// √x        √′ = ½ / √x

#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/forms/forms.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

class SqrtOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "sqrt"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::sqrt; }
  [[nodiscard]] Notation notation() const noexcept override { return {.symbol = "√"}; }

  [[nodiscard]] StableForm stable_form(std::span<const Tensor> inputs) const override {
    return ops::form_of_sqrt(inputs[0]);
  }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return chain_div(t * 0.5, call.output);
  }

  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return run::vector_tile(&run::VectorKernels::sqrt, output);
  }
};

}  // namespace

Tensor sqrt(const Tensor& x) {
  static const auto operation = std::make_shared<const SqrtOperation>();
  return apply(operation, {x});
}

}  // namespace xgrad
