// broadcast_to: repeats x along the axes that it lacks; its adjoint is sum_to.
#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/reduce.hpp"

#include "graph/node.hpp"
#include "ops/rules.hpp"
#include "ops/shared_operation.hpp"
#include "run/elementwise/tiles.hpp"

namespace xgrad {

namespace {

class BroadcastOperation final : public Operation {
 public:
  explicit BroadcastOperation(const Shape& shape) : shape_{shape} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "broadcast_to"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::broadcast_to; }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return {{"shape", shape_.to_vector()}}; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    Shape common;
    if (!broadcast(inputs[0].shape(), shape_, common) || common != shape_) {
      throw ShapeError(
          fmt::format("[broadcast_to] {} doesn't broadcast to {}", graph::label(inputs[0]), to_string(shape_)));
    }
    return {shape_, inputs[0].dtype()};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    return {sum_to(cotangent, call.inputs[0].shape())};
  }
  [[nodiscard]] Tensor jvp(const Call& /*call*/, std::span<const Tensor> tangents) const override {
    return broadcast_to(tangents[0], shape_);
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    run::run_tiles(*this, run::copy_tile(output.dtype), inputs, output);
  }

 private:
  Shape shape_;
};

}  // namespace

Tensor broadcast_to(const Tensor& x, const Shape& shape) {
  return ops::require_defined("broadcast_to", x).shape() == shape
             ? x
             : apply(ops::shared_operation<BroadcastOperation>(shape), {x});
}

}  // namespace xgrad
