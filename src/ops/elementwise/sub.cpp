// a − b        ∂a = 1, ∂b = −1

#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/forms/forms.hpp"
#include "ops/rules.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

class SubOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "sub"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::sub; }
  [[nodiscard]] Notation notation() const noexcept override { return {Notation::Form::infix, "−", 1}; }

  [[nodiscard]] DType infer_dtype(std::span<const Tensor> inputs) const override {
    return ops::require_numeric(name(), inputs);
  }

  [[nodiscard]] StableForm stable_form(std::span<const Tensor> inputs) const override {
    return ops::form_of_difference(inputs[0], inputs[1]);
  }

  [[nodiscard]] Tensor times_partial(const Call& /*call*/, std::size_t i, const Tensor& t) const override {
    return i == 0 ? t : -t;
  }

  static std::int64_t value(std::int64_t a, std::int64_t b) noexcept { return ops::wrapping_sub(a, b); }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return output == int64 ? tile_of<SubOperation, std::int64_t, std::int64_t, 2>()
                           : run::vector_tile(&run::VectorKernels::sub, output);
  }
};

}  // namespace

Tensor sub(const Tensor& a, const Tensor& b) {
  static const auto operation = std::make_shared<const SubOperation>();
  return apply(operation, {a, b});
}

Tensor sub(const Tensor& a, double b) {
  return sub(a, ops::scalar_beside("sub", b, a));
}

Tensor sub(double a, const Tensor& b) {
  return sub(ops::scalar_beside("sub", a, b), b);
}

}  // namespace xgrad
