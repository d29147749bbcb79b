// a / b        ∂a = 1/b, ∂b = −(a / b) / b

#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/forms/forms.hpp"
#include "ops/rules.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

class DivOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "div"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::div; }
  [[nodiscard]] Notation notation() const noexcept override { return {Notation::Form::infix, "/", 2}; }

  [[nodiscard]] StableForm stable_form(std::span<const Tensor> inputs) const override {
    return ops::form_of_quotient(inputs[0], inputs[1]);
  }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t i, const Tensor& t) const override {
    const Tensor& b = call.inputs[1];
    return i == 0 ? chain_div(t, b) : chain_div(-chain_mul(t, call.output), b);
  }

  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return run::vector_tile(&run::VectorKernels::div, output);
  }
};

}  // namespace

Tensor div(const Tensor& a, const Tensor& b) {
  static const auto operation = std::make_shared<const DivOperation>();
  return apply(operation, {a, b});
}

Tensor div(const Tensor& a, double b) {
  return div(a, ops::scalar_beside("div", b, a));
}

Tensor div(double a, const Tensor& b) {
  return div(ops::scalar_beside("div", a, b), b);
}

}  // namespace xgrad
