// a ⊙ b        ∂a = b, ∂b = a

#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/forms/forms.hpp"
#include "ops/rules.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

class MulOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "mul"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::mul; }
  [[nodiscard]] Notation notation() const noexcept override { return {Notation::Form::infix, "⊙", 2}; }

  [[nodiscard]] DType infer_dtype(std::span<const Tensor> inputs) const override {
    return ops::require_numeric(name(), inputs);
  }

  [[nodiscard]] StableForm stable_form(std::span<const Tensor> inputs) const override {
    return ops::form_of_product(inputs[0], inputs[1]);
  }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t i, const Tensor& t) const override {
    return chain_mul(t, call.inputs[1 - i]);
  }

  static std::int64_t value(std::int64_t a, std::int64_t b) noexcept { return ops::wrapping_mul(a, b); }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return output == int64 ? tile_of<MulOperation, std::int64_t, std::int64_t, 2>()
                           : run::vector_tile(&run::VectorKernels::mul, output);
  }
};

}  // namespace

Tensor mul(const Tensor& a, const Tensor& b) {
  static const auto operation = std::make_shared<const MulOperation>();
  return apply(operation, {a, b});
}

Tensor mul(const Tensor& a, double b) {
  return mul(a, ops::scalar_beside("mul", b, a));
}

}  // namespace xgrad
