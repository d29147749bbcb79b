// e^x − 1, exact near 0        expm1′ = e^x

#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

class Expm1Operation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "expm1"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::expm1; }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return chain_mul(t, exp(call.inputs[0]));
  }

  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return run::vector_tile(&run::VectorKernels::expm1, output);
  }
};

}  // namespace

Tensor expm1(const Tensor& x) {
  static const auto operation = std::make_shared<const Expm1Operation>();
  return apply(operation, {x});
}

}  // namespace xgrad
