// take_adjoint: zeros with `length` along an axis, x's rows added at their indices; its adjoint is take.
#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/operation.hpp"

#include "graph/node.hpp"
#include "ops/index/placement.hpp"
#include "ops/rules.hpp"
#include "run/reductions/gather.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

class TakeAdjointOperation final : public WorkspaceOperation, public ops::PlacingOperation {
 public:
  TakeAdjointOperation(std::size_t axis, std::int64_t length) : axis_{axis}, length_{length} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "take_adjoint"; }
  [[nodiscard]] Notation notation() const noexcept override { return {.symbol = "scatter"}; }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    return {{"axis", signed_axis()}, {"length", length_}};
  }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const DType dtype = ops::require_numeric(name(), inputs.first(1));
    ops::require_dtype(name(), inputs[1], int64);
    const Shape& x = inputs[0].shape();
    const Shape& indices = inputs[1].shape();
    std::vector<std::int64_t> lengths = x.to_vector();
    for (std::size_t i = 0; i < indices.rank(); ++i) {
      if (x[axis_ + i] != indices[i]) {
        throw ShapeError(fmt::format("[take_adjoint] {} with indices {}; expected the indices' lengths from axis {} on",
                                     graph::label(inputs[0]), graph::label(inputs[1]), axis_));
      }
    }
    const auto first = lengths.begin() + static_cast<std::ptrdiff_t>(axis_);
    lengths.insert(lengths.erase(first, first + static_cast<std::ptrdiff_t>(indices.rank())), length_);
    return {Shape{lengths}, dtype};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    return {call.wants(0) ? take(cotangent, call.inputs[1], signed_axis()) : Tensor{}, Tensor{}};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    return tangents[0].defined() ? take_adjoint(tangents[0], call.inputs[1], length_, signed_axis()) : Tensor{};
  }

  [[nodiscard]] ops::Placement placement() const noexcept override {
    return {.kind = ops::Placement::Kind::rows, .axis = axis_, .range = {}};
  }

  [[nodiscard]] std::size_t workspace_bytes(std::span<const Signature> inputs, const Signature& output) const override {
    return run::take_adjoint_bytes(output.dtype, run::view_along(output.shape, axis_), inputs[1].shape.size());
  }
  void evaluate_in(std::span<std::byte> workspace, std::span<const ConstArray> inputs,
                   const Array& output) const override {
    const ConstArray& indices = inputs[1];
    dispatch_numeric(output.dtype, [&]<class T>(std::type_identity<T>) {
      run::take_adjoint(name(), inputs[0].as<T>(), run::view_along(output.shape, axis_), indices.as<std::int64_t>(),
                        indices.shape.size(), output.as<T>(), workspace.data());
    });
  }

 private:
  [[nodiscard]] std::int64_t signed_axis() const noexcept { return static_cast<std::int64_t>(axis_); }

  std::size_t axis_;
  std::int64_t length_;
};

}  // namespace

Tensor take_adjoint(const Tensor& x, const Tensor& indices, std::int64_t length, std::int64_t axis) {
  if (length < 0) {
    throw ShapeError(fmt::format("[take_adjoint] a length of {}; expected 0 or more", length));
  }
  if (ops::require_defined("take_adjoint", x).rank() < ops::require_defined("take_adjoint", indices).rank()) {
    throw ShapeError(
        fmt::format("[take_adjoint] {} with indices {}; expected at least as many axes as the indices have",
                    graph::label(x), graph::label(indices)));
  }
  // The axis is one of the result's, which has one instead of all axes of the indices.
  const std::size_t normal = normalize_axis(axis, x.rank() - indices.rank() + 1, "take_adjoint");
  return apply(std::make_shared<const TakeAdjointOperation>(normal, length), {x, indices});
}

}  // namespace xgrad
