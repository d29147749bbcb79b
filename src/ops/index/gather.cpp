// gather: out[…, j, …] = x[…, indices[…, j, …], …] along an axis; its adjoint is scatter_add.
#include "run/reductions/gather.hpp"

#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/operation.hpp"

#include "graph/node.hpp"
#include "ops/rules.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

class GatherOperation final : public Operation {
 public:
  explicit GatherOperation(std::size_t axis) : axis_{axis} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "gather"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::gather; }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return {{"axis", signed_axis()}}; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    ops::require_dtype(name(), inputs[1], int64);
    const Shape& x = inputs[0].shape();
    const Shape& indices = inputs[1].shape();
    if (x.rank() != indices.rank() || x.with(axis_, 0) != indices.with(axis_, 0)) {
      throw ShapeError(fmt::format("[gather] {} by indices {}; expected equal lengths except along axis {}",
                                   graph::label(inputs[0]), graph::label(inputs[1]), axis_));
    }
    return {indices, inputs[0].dtype()};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    return {
        call.wants(0) ? scatter_add(cotangent, call.inputs[1], call.inputs[0].shape()[axis_], signed_axis()) : Tensor{},
        Tensor{}};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    return tangents[0].defined() ? gather(tangents[0], call.inputs[1], signed_axis()) : Tensor{};
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const ConstArray& x = inputs[0];
    dispatch(x.dtype, [&]<class T>(std::type_identity<T>) {
      run::gather(name(), x.as<T>(), run::view_along(x.shape, axis_), inputs[1].as<std::int64_t>(), output.shape[axis_],
                  output.as<T>());
    });
  }

 private:
  [[nodiscard]] std::int64_t signed_axis() const noexcept { return static_cast<std::int64_t>(axis_); }

  std::size_t axis_;
};

}  // namespace

Tensor gather(const Tensor& x, const Tensor& indices, std::int64_t axis) {
  return apply(std::make_shared<const GatherOperation>(ops::require_axis("gather", x, axis)), {x, indices});
}

}  // namespace xgrad
