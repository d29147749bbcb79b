// scatter: x, but out[…, indices[…, j, …], …] = updates[…, j, …] along an axis; of equal indices the last one counts.
// x̄ = g, but 0 at the indices; updates̄ = g at the indices, 0 for an update that a later one replaced.
#include <fmt/format.h>

#include "xgrad/arrays.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "graph/node.hpp"
#include "ops/rules.hpp"
#include "run/reductions/gather.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

class ScatterOperation final : public Operation {
 public:
  explicit ScatterOperation(std::size_t axis) : axis_{axis} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "scatter"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 3; }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return {{"axis", signed_axis()}}; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const Tensor& x = inputs[0];
    const Tensor& indices = inputs[1];
    const Tensor& updates = inputs[2];
    ops::require_dtype(name(), indices, int64);
    ops::require_dtype(name(), updates, x.dtype());
    if (indices.shape() != updates.shape()) {
      throw ShapeError(fmt::format("[scatter] updates {} at indices {}; expected equal shapes", graph::label(updates),
                                   graph::label(indices)));
    }
    if (x.rank() != indices.rank() || x.shape().with(axis_, 0) != indices.shape().with(axis_, 0)) {
      throw ShapeError(fmt::format("[scatter] into {} at indices {}; expected equal lengths except along axis {}",
                                   graph::label(x), graph::label(indices), axis_));
    }
    return {x.shape(), x.dtype()};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    const Tensor& indices = call.inputs[1];
    const Tensor& updates = call.inputs[2];
    std::vector<Tensor> result(3);
    if (call.wants(0)) {
      result[0] = scatter(cotangent, indices, zeros_like(updates), signed_axis());
    }
    if (call.wants(2)) {
      result[2] = where(is_last(call.inputs[0].shape(), indices), gather(cotangent, indices, signed_axis()), 0);
    }
    return result;
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    return scatter(tangents[0].defined() ? tangents[0] : zeros_like(call.inputs[0]), call.inputs[1],
                   tangents[2].defined() ? tangents[2] : zeros_like(call.inputs[2]), signed_axis());
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    dispatch(output.dtype, [&]<class T>(std::type_identity<T>) {
      run::scatter(name(), inputs[0].as<T>(), run::view_along(output.shape, axis_), inputs[1].as<std::int64_t>(),
                   inputs[2].as<T>(), inputs[1].shape[axis_], output.as<T>());
    });
  }

 private:
  [[nodiscard]] std::int64_t signed_axis() const noexcept { return static_cast<std::int64_t>(axis_); }

  // Per index whether it is the last of its value: the positions of all, scattered, are those of the last ones.
  [[nodiscard]] Tensor is_last(const Shape& shape, const Tensor& indices) const {
    const std::int64_t count = indices.shape()[axis_];
    std::vector<std::int64_t> along(indices.rank(), 1);
    along[axis_] = count;
    const Tensor positions =
        broadcast_to(reshape(arange(0, static_cast<double>(count), 1, int64), Shape{along}), indices.shape());
    const Tensor last = scatter(zeros(shape, int64), indices, positions, signed_axis());
    return equal(gather(last, indices, signed_axis()), positions);
  }

  std::size_t axis_;
};

}  // namespace

Tensor scatter(const Tensor& x, const Tensor& indices, const Tensor& updates, std::int64_t axis) {
  return apply(std::make_shared<const ScatterOperation>(ops::require_axis("scatter", x, axis)), {x, indices, updates});
}

}  // namespace xgrad
