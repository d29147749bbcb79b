// scatter_add: zeros with `length` along an axis, x's elements added at their indices; its adjoint is gather.
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

class ScatterAddOperation final : public WorkspaceOperation, public ops::PlacingOperation {
 public:
  ScatterAddOperation(std::size_t axis, std::int64_t length) : axis_{axis}, length_{length} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "scatter_add"; }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    return {{"axis", signed_axis()}, {"length", length_}};
  }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const DType dtype = ops::require_numeric(name(), inputs.first(1));
    ops::require_dtype(name(), inputs[1], int64);
    if (inputs[0].shape() != inputs[1].shape()) {
      throw ShapeError(fmt::format("[scatter_add] {} by indices {}; expected equal shapes", graph::label(inputs[0]),
                                   graph::label(inputs[1])));
    }
    return {inputs[0].shape().with(axis_, length_), dtype};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    return {call.wants(0) ? gather(cotangent, call.inputs[1], signed_axis()) : Tensor{}, Tensor{}};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    return tangents[0].defined() ? scatter_add(tangents[0], call.inputs[1], length_, signed_axis()) : Tensor{};
  }

  [[nodiscard]] ops::Placement placement() const noexcept override {
    return {.kind = ops::Placement::Kind::elements, .axis = axis_, .range = {}};
  }

  [[nodiscard]] std::size_t workspace_bytes(std::span<const Signature> inputs, const Signature& output) const override {
    return run::scatter_add_bytes(output.dtype, run::view_along(output.shape, axis_), inputs[0].shape[axis_]);
  }
  void evaluate_in(std::span<std::byte> workspace, std::span<const ConstArray> inputs,
                   const Array& output) const override {
    const ConstArray& x = inputs[0];
    dispatch_numeric(x.dtype, [&]<class T>(std::type_identity<T>) {
      run::scatter_add(name(), x.as<T>(), run::view_along(output.shape, axis_), inputs[1].as<std::int64_t>(),
                       x.shape[axis_], output.as<T>(), workspace.data());
    });
  }

 private:
  [[nodiscard]] std::int64_t signed_axis() const noexcept { return static_cast<std::int64_t>(axis_); }

  std::size_t axis_;
  std::int64_t length_;
};

}  // namespace

Tensor scatter_add(const Tensor& x, const Tensor& indices, std::int64_t length, std::int64_t axis) {
  if (length < 0) {
    throw ShapeError(fmt::format("[scatter_add] a length of {}; expected 0 or more", length));
  }
  return apply(std::make_shared<const ScatterAddOperation>(ops::require_axis("scatter_add", x, axis), length),
               {x, indices});
}

}  // namespace xgrad
