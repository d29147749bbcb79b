// slice: the elements start, start + step, … along an axis; its adjoint is slice_adjoint.
#include <algorithm>

#include "xgrad/index.hpp"

#include "ops/arrangement.hpp"
#include "ops/index/range.hpp"
#include "ops/primitives.hpp"
#include "ops/rules.hpp"
#include "run/strided_copy.hpp"

namespace xgrad {

namespace {

class SliceOperation final : public Operation {
 public:
  SliceOperation(const ops::Range& range, std::size_t axis) : range_{range}, axis_{axis} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "slice"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::slice; }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return ops::attributes_of(range_, axis_); }

  [[nodiscard]] std::optional<Arrangement> arrangement(const Shape& input) const override {
    Arrangement result = ops::identity(input.rank());
    result.starts[axis_] = range_.start;
    result.axes[axis_].step = range_.step;
    return result;
  }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    return {inputs[0].shape().with(axis_, range_.count), inputs[0].dtype()};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    return {ops::put_range(cotangent, range_, call.inputs[0].shape()[axis_], axis_)};
  }
  [[nodiscard]] Tensor jvp(const Call& /*call*/, std::span<const Tensor> tangents) const override {
    return ops::take_range(tangents[0], range_, axis_);
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const ConstArray& x = inputs[0];
    run::StridedCopy copy{.to = output.data,
                          .rank = output.shape.rank(),
                          .from_steps = run::steps_of(x.shape),
                          .to_steps = run::steps_of(output.shape)};
    std::copy(output.shape.begin(), output.shape.end(), copy.lengths.begin());
    copy.from = run::offset(x.data, range_.start * copy.from_steps[axis_], x.dtype);
    copy.from_steps[axis_] *= range_.step;
    run::strided_copy(x.dtype, copy);
  }

 private:
  ops::Range range_;
  std::size_t axis_;
};

}  // namespace

ops::OperationPointer ops::slice_operation(const Range& range, std::size_t axis) {
  return std::make_shared<const SliceOperation>(range, axis);
}

Tensor ops::take_range(const Tensor& x, const Range& range, std::size_t axis) {
  return range.is_whole(x.shape()[axis]) ? x : apply(slice_operation(range, axis), {x});
}

Tensor slice(const Tensor& x, const Slice& range, std::int64_t axis) {
  const std::size_t normal = ops::require_axis("slice", x, axis);
  return ops::take_range(x, ops::resolve("slice", range, x.shape()[normal]), normal);
}

}  // namespace xgrad
