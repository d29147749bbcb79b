// slice_adjoint: zeros, but x at start, start + step, … along an axis; its adjoint is slice.
#include <algorithm>
#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/index.hpp"

#include "graph/node.hpp"
#include "ops/index/placement.hpp"
#include "ops/index/range.hpp"
#include "ops/rules.hpp"
#include "run/strided_copy.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

class SliceAdjointOperation final : public Operation, public ops::PlacingOperation {
 public:
  SliceAdjointOperation(const ops::Range& range, std::int64_t length, std::size_t axis)
      : range_{range}, length_{length}, axis_{axis} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "slice_adjoint"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::slice_adjoint; }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    auto attributes = ops::attributes_of(range_, axis_);
    attributes.push_back({"length", length_});
    return attributes;
  }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const Tensor& x = inputs[0];
    if (x.shape()[axis_] != range_.count) {
      throw ShapeError(fmt::format("[slice_adjoint] {} has {} elements along axis {}; expected the range's {}",
                                   graph::label(x), x.shape()[axis_], axis_, range_.count));
    }
    return {x.shape().with(axis_, length_), x.dtype()};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& /*call*/, const Tensor& cotangent) const override {
    return {ops::take_range(cotangent, range_, axis_)};
  }
  [[nodiscard]] Tensor jvp(const Call& /*call*/, std::span<const Tensor> tangents) const override {
    return ops::put_range(tangents[0], range_, length_, axis_);
  }

  [[nodiscard]] ops::Placement placement() const noexcept override {
    return {.kind = ops::Placement::Kind::range, .axis = axis_, .range = range_};
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const ConstArray& x = inputs[0];
    dispatch(x.dtype, [&]<class T>(std::type_identity<T>) { std::fill_n(output.as<T>(), output.shape.size(), T{0}); });
    run::StridedCopy copy{.from = x.data,
                          .rank = x.shape.rank(),
                          .from_steps = run::steps_of(x.shape),
                          .to_steps = run::steps_of(output.shape)};
    std::copy(x.shape.begin(), x.shape.end(), copy.lengths.begin());
    copy.to = run::offset(output.data, range_.start * copy.to_steps[axis_], x.dtype);
    copy.to_steps[axis_] *= range_.step;
    run::strided_copy(x.dtype, copy);
  }

 private:
  ops::Range range_;
  std::int64_t length_;
  std::size_t axis_;
};

}  // namespace

Tensor ops::put_range(const Tensor& x, const Range& range, std::int64_t length, std::size_t axis) {
  return range.is_whole(length) && x.shape()[axis] == length
             ? x
             : apply(std::make_shared<const SliceAdjointOperation>(range, length, axis), {x});
}

Tensor slice_adjoint(const Tensor& x, const Slice& range, std::int64_t length, std::int64_t axis) {
  const std::size_t normal = ops::require_axis("slice_adjoint", x, axis);
  if (length < 0) {
    throw ShapeError(fmt::format("[slice_adjoint] a length of {}; expected 0 or more", length));
  }
  return ops::put_range(x, ops::resolve("slice_adjoint", range, length), length, normal);
}

}  // namespace xgrad
