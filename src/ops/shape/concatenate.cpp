// concatenate: tensors one after another along an axis; its adjoint cuts the cotangent up again.
#include <fmt/format.h>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/operation.hpp"

#include "graph/node.hpp"
#include "ops/rules.hpp"
#include "run/reductions/axis_view.hpp"
#include "run/strided_copy.hpp"

namespace xgrad {

namespace {

class ConcatenateOperation final : public Operation {
 public:
  explicit ConcatenateOperation(std::size_t axis) : axis_{axis} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "concatenate"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::concatenate; }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    return {{"axis", static_cast<std::int64_t>(axis_)}};
  }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const DType dtype = ops::require_same(name(), inputs);
    const Shape& first = inputs[0].shape();
    std::int64_t length = 0;
    for (const Tensor& input : inputs) {
      const Shape& shape = input.shape();
      if (shape.rank() != first.rank() || shape.with(axis_, 0) != first.with(axis_, 0)) {
        throw ShapeError(fmt::format("[concatenate] {} beside {}; expected equal lengths except along axis {}",
                                     graph::label(input), graph::label(inputs[0]), axis_));
      }
      if (__builtin_add_overflow(length, shape[axis_], &length)) {
        throw ShapeError(fmt::format("[concatenate] more along axis {} than an int64 counts", axis_));
      }
    }
    return {first.with(axis_, length), dtype};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    std::vector<Tensor> result(call.inputs.size());
    std::int64_t start = 0;
    for (std::size_t i = 0; i < result.size(); ++i) {
      const std::int64_t stop = start + call.inputs[i].shape()[axis_];
      if (call.wants(i)) {
        result[i] = slice(cotangent, {start, stop}, static_cast<std::int64_t>(axis_));
      }
      start = stop;
    }
    return result;
  }

  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    std::vector<Tensor> parts(tangents.begin(), tangents.end());
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (!parts[i].defined()) {
        parts[i] = zeros_like(call.inputs[i]);
      }
    }
    return concatenate(parts, static_cast<std::int64_t>(axis_));
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const run::AxisView whole = run::view_along(output.shape, axis_);
    std::int64_t start = 0;
    for (const ConstArray& input : inputs) {
      const std::int64_t part = input.shape[axis_] * whole.inner;
      run::strided_copy(output.dtype, {.from = input.data,
                                       .to = run::offset(output.data, start, output.dtype),
                                       .rank = 2,
                                       .lengths = {whole.outer, part},
                                       .from_steps = {part, 1},
                                       .to_steps = {whole.length * whole.inner, 1}});
      start += part;
    }
  }

 private:
  std::size_t axis_;
};

}  // namespace

Tensor concatenate(const std::vector<Tensor>& xs, std::int64_t axis) {
  if (xs.empty()) {
    throw ValueError("[concatenate] of no tensors; expected one or more");
  }
  const std::size_t normal = ops::require_axis("concatenate", xs[0], axis);
  return xs.size() == 1 ? xs[0] : xgrad::apply(std::make_shared<const ConcatenateOperation>(normal), std::span{xs});
}

}  // namespace xgrad
