// flip: the order reversed along axes; its own adjoint.
#include <algorithm>

#include "xgrad/manipulate.hpp"
#include "xgrad/operation.hpp"

#include "ops/arrangement.hpp"
#include "ops/rules.hpp"
#include "run/strided_copy.hpp"

namespace xgrad {

namespace {

class FlipOperation final : public Operation {
 public:
  explicit FlipOperation(std::vector<std::size_t> axes) : axes_{std::move(axes)} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "flip"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::flip; }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return {{"axes", signed_axes()}}; }

  [[nodiscard]] std::optional<Arrangement> arrangement(const Shape& input) const override {
    Arrangement result = ops::identity(input.rank());
    for (const std::size_t axis : axes_) {
      result.starts[axis] = std::max<std::int64_t>(input[axis] - 1, 0);
      result.axes[axis].step = -1;
    }
    return result;
  }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    return {inputs[0].shape(), inputs[0].dtype()};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& /*call*/, const Tensor& cotangent) const override {
    return {flip(cotangent, signed_axes())};
  }
  [[nodiscard]] Tensor jvp(const Call& /*call*/, std::span<const Tensor> tangents) const override {
    return flip(tangents[0], signed_axes());
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const Shape& shape = output.shape;
    const auto steps = run::steps_of(shape);
    run::StridedCopy copy{.to = output.data, .rank = shape.rank(), .from_steps = steps, .to_steps = steps};
    std::copy(shape.begin(), shape.end(), copy.lengths.begin());
    std::int64_t last = 0;
    for (const std::size_t axis : axes_) {
      last += std::max<std::int64_t>(shape[axis] - 1, 0) * steps[axis];
      copy.from_steps[axis] = -steps[axis];
    }
    copy.from = run::offset(inputs[0].data, last, output.dtype);
    run::strided_copy(output.dtype, copy);
  }

 private:
  [[nodiscard]] std::vector<std::int64_t> signed_axes() const { return {axes_.begin(), axes_.end()}; }

  std::vector<std::size_t> axes_;  // sorted, at least one
};

}  // namespace

Tensor flip(const Tensor& x, const Axes& axes) {
  auto normal = ops::require_axes("flip", x, axes.values());
  return normal.empty() ? x : apply(std::make_shared<const FlipOperation>(std::move(normal)), {x});
}

}  // namespace xgrad
