// 1/√x = x^−½        rsqrt′ = −½ rsqrt³
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/forms/forms.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

class RsqrtOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "rsqrt"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::rsqrt; }

  [[nodiscard]] StableForm stable_form(std::span<const Tensor> inputs) const override {
    return ops::form_of_rsqrt(inputs[0]);
  }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return chain_mul(t, -0.5 * (call.output * square(call.output)));
  }

  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return run::vector_tile(&run::VectorKernels::rsqrt, output);
  }
};

}  // namespace

Tensor rsqrt(const Tensor& x) {
  static const auto operation = std::make_shared<const RsqrtOperation>();
  return apply(operation, {x});
}

}  // namespace xgrad
