// sin x        sin′ = cos
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

class SinOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "sin"; }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return t * cos(call.inputs[0]);
  }

  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return run::vector_tile(&run::VectorKernels::sin, output);
  }
};

}  // namespace

Tensor sin(const Tensor& x) {
  static const auto operation = std::make_shared<const SinOperation>();
  return apply(operation, {x});
}

}  // namespace xgrad
