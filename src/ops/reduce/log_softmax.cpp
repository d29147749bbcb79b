// log_softmax: y = x − log Σ e^x along an axis. ∂y_i/∂x_j = [i = j] − e^(y_j).

#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/reduce.hpp"

#include "ops/rules.hpp"
#include "run/reductions/softmax.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

class LogSoftmaxOperation final : public Operation {
 public:
  explicit LogSoftmaxOperation(std::size_t axis) : axis_{axis} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "log_softmax"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::log_softmax; }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return {{"axis", signed_axis()}}; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    return {inputs[0].shape(), ops::require_floating(name(), inputs)};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    return {cotangent - chain_mul(sum(cotangent, signed_axis(), true), exp(call.output))};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    return tangents[0] - sum(chain_mul(tangents[0], exp(call.output)), signed_axis(), true);
  }

  [[nodiscard]] bool runs_in_place() const noexcept override { return true; }
  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const ConstArray& x = inputs[0];
    dispatch_floating(x.dtype, [&]<class T>(std::type_identity<T>) {
      run::log_softmax(x.as<T>(), run::view_along(x.shape, axis_), output.as<T>());
    });
  }

 private:
  [[nodiscard]] std::int64_t signed_axis() const noexcept { return static_cast<std::int64_t>(axis_); }

  std::size_t axis_;
};

}  // namespace

Tensor log_softmax(const Tensor& x, std::int64_t axis) {
  return apply(std::make_shared<const LogSoftmaxOperation>(ops::require_axis("log_softmax", x, axis)), {x});
}

}  // namespace xgrad
