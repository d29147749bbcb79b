// log x, the natural logarithm        log′ = 1/x

#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/forms/forms.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

class LogOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "log"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::log; }

  [[nodiscard]] StableForm stable_form(std::span<const Tensor> inputs) const override {
    return ops::form_of_log(inputs[0]);
  }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return chain_div(t, call.inputs[0]);
  }

  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return run::vector_tile(&run::VectorKernels::log, output);
  }
};

}  // namespace

Tensor log(const Tensor& x) {
  static const auto operation = std::make_shared<const LogOperation>();
  return apply(operation, {x});
}

}  // namespace xgrad
