// a + b        ∂a = 1, ∂b = 1
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/forms/forms.hpp"
#include "ops/rules.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

class AddOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "add"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::add; }
  [[nodiscard]] Notation notation() const noexcept override { return {Notation::Form::infix, "+", 1}; }

  [[nodiscard]] DType infer_dtype(std::span<const Tensor> inputs) const override {
    return ops::require_numeric(name(), inputs);
  }

  [[nodiscard]] StableForm stable_form(std::span<const Tensor> inputs) const override {
    return ops::form_of_sum(inputs[0], inputs[1]);
  }

  [[nodiscard]] Tensor times_partial(const Call& /*call*/, std::size_t /*i*/, const Tensor& t) const override {
    return t;
  }

  static std::int64_t value(std::int64_t a, std::int64_t b) noexcept { return ops::wrapping_add(a, b); }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return output == int64 ? tile_of<AddOperation, std::int64_t, std::int64_t, 2>()
                           : run::vector_tile(&run::VectorKernels::add, output);
  }
};

}  // namespace

Tensor add(const Tensor& a, const Tensor& b) {
  static const auto operation = std::make_shared<const AddOperation>();
  return apply(operation, {a, b});
}

Tensor add(const Tensor& a, double b) {
  return add(a, ops::scalar_beside("add", b, a));
}

}  // namespace xgrad
