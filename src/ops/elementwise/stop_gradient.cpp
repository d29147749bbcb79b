// x        ∂x = 0: a constant to every derivative
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

namespace xgrad {

namespace {

class StopGradientOperation final : public Operation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "stop_gradient"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::stop_gradient; }
  [[nodiscard]] bool differentiable() const noexcept override { return false; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    return {inputs[0].shape(), inputs[0].dtype()};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& /*call*/, const Tensor& /*cotangent*/) const override {
    return {Tensor{}};
  }
  [[nodiscard]] Tensor jvp(const Call& /*call*/, std::span<const Tensor> /*tangents*/) const override { return {}; }

  [[nodiscard]] bool aliases_input() const noexcept override { return true; }
  void evaluate(std::span<const ConstArray> /*inputs*/, const Array& /*output*/) const override {}
};

}  // namespace

Tensor stop_gradient(const Tensor& x) {
  static const auto operation = std::make_shared<const StopGradientOperation>();
  return apply(operation, {x});
}

}  // namespace xgrad
