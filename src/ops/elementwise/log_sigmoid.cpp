// log σ(x) = −softplus(−x)        log_sigmoid′ = σ(−x)

#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

class LogSigmoidOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "log_sigmoid"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::log_sigmoid; }
  [[nodiscard]] Notation notation() const noexcept override { return {.symbol = "log σ"}; }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return chain_mul(t, sigmoid(-call.inputs[0]));
  }

  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return run::vector_tile(&run::VectorKernels::log_sigmoid, output);
  }
};

}  // namespace

Tensor log_sigmoid(const Tensor& x) {
  static const auto operation = std::make_shared<const LogSigmoidOperation>();
  return apply(operation, {x});
}

}  // namespace xgrad
