// t / d, as the chain rule takes it: 0 where t = 0, whatever d is        ∂t = 1/d, ∂d = −(t / d) / d

#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

class ChainDivOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "chain_div"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::chain_div; }
  [[nodiscard]] Notation notation() const noexcept override { return {Notation::Form::infix, "/", 2}; }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t i, const Tensor& t) const override {
    const Tensor& d = call.inputs[1];
    return i == 0 ? chain_div(t, d) : -chain_div(chain_mul(t, call.output), d);
  }

  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return run::vector_tile(&run::VectorKernels::chain_div, output);
  }
};

}  // namespace

Tensor chain_div(const Tensor& t, const Tensor& d) {
  static const auto operation = std::make_shared<const ChainDivOperation>();
  return apply(operation, {t, d});
}

}  // namespace xgrad
