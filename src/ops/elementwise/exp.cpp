// e^x        exp′ = exp

#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

class ExpOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "exp"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::exp; }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return chain_mul(t, call.output);
  }

  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return run::vector_tile(&run::VectorKernels::exp, output);
  }
};

}  // namespace

Tensor exp(const Tensor& x) {
  static const auto operation = std::make_shared<const ExpOperation>();
  return apply(operation, {x});
}

}  // namespace xgrad
