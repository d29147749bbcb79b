// softmax: s = e^x / Σ e^x along an axis. ∂s_i/∂x_j = s_i ([i = j] − s_j), so vjp and jvp are both s (g − Σ g s).
#include "ops/reduce/softmax.hpp"

#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/reduce.hpp"

#include "ops/primitives.hpp"
#include "ops/rules.hpp"
#include "ops/shared_operation.hpp"
#include "run/reductions/softmax.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

class SoftmaxOperation final : public Operation {
 public:
  SoftmaxOperation(std::size_t first, std::size_t last) : first_{first}, last_{last} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "softmax"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::softmax; }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return {{"axes", axes()}}; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    return {inputs[0].shape(), ops::require_floating(name(), inputs)};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    return {times_jacobian(call, cotangent)};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    return times_jacobian(call, tangents[0]);
  }

  [[nodiscard]] bool runs_in_place() const noexcept override { return true; }
  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const ConstArray& x = inputs[0];
    dispatch_floating(x.dtype, [&]<class T>(std::type_identity<T>) {
      run::softmax(x.as<T>(), run::view_along(x.shape, first_, last_), output.as<T>());
    });
  }

 private:
  [[nodiscard]] std::vector<std::int64_t> axes() const {
    std::vector<std::int64_t> axes;
    for (std::size_t axis = first_; axis < last_; ++axis) {
      axes.push_back(static_cast<std::int64_t>(axis));
    }
    return axes;
  }

  // The Jacobian is symmetric. Where s = 0 an infinite cotangent, such as the one of m in m log m, counts as 0.
  [[nodiscard]] Tensor times_jacobian(const Call& call, const Tensor& t) const {
    const Tensor& s = call.output;
    return first_ == last_ ? Tensor{} : chain_mul(t - sum(chain_mul(t, s), axes(), true), s);
  }

  std::size_t first_;
  std::size_t last_;
};

}  // namespace

ops::OperationPointer ops::softmax_operation(std::int64_t axis) {
  const auto first = static_cast<std::size_t>(axis);
  return shared_operation<SoftmaxOperation>(first, first + 1);
}

Tensor ops::softmax_over(const Tensor& x, std::size_t first, std::size_t last) {
  return apply(ops::shared_operation<SoftmaxOperation>(first, last), {x});
}

Tensor softmax(const Tensor& x, std::int64_t axis) {
  const std::size_t normal = ops::require_axis("softmax", x, axis);
  return ops::softmax_over(x, normal, normal + 1);
}

}  // namespace xgrad
