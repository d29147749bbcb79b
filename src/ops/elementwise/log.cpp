// log x, the natural logarithm        log′ = 1/x
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "run/isa.hpp"

namespace xgrad {

namespace {

class LogOperation final : public ElementwiseOperation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "log"; }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return t / call.inputs[0];
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
