// diag: a vector as the diagonal of a square matrix, or the diagonal of a matrix: each the other's adjoint, with zeros
// put around where the matrix isn't square.
#include <algorithm>
#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/operation.hpp"

#include "graph/node.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

class DiagOperation final : public Operation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "diag"; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const Shape& shape = inputs[0].shape();
    switch (shape.rank()) {
      case 1:
        return {Shape{shape[0], shape[0]}, inputs[0].dtype()};
      case 2:
        return {Shape{std::min(shape[0], shape[1])}, inputs[0].dtype()};
      default:
        throw ShapeError(fmt::format("[diag] {}; expected a vector or a matrix", graph::label(inputs[0])));
    }
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    const Shape& shape = call.inputs[0].shape();
    if (shape.rank() == 1) {
      return {diag(cotangent)};
    }
    const std::int64_t length = cotangent.size();
    return {pad(diag(cotangent), {{0, shape[0] - length}, {0, shape[1] - length}})};
  }
  [[nodiscard]] Tensor jvp(const Call& /*call*/, std::span<const Tensor> tangents) const override {
    return diag(tangents[0]);
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    dispatch(output.dtype, [&]<class T>(std::type_identity<T>) {
      const T* x = inputs[0].as<T>();
      T* out = output.as<T>();
      if (output.shape.rank() == 1) {
        for (std::int64_t i = 0; i < output.shape[0]; ++i) {
          out[i] = x[i * (inputs[0].shape[1] + 1)];
        }
        return;
      }
      std::fill_n(out, output.shape.size(), T{0});
      for (std::int64_t i = 0; i < inputs[0].shape[0]; ++i) {
        out[i * (output.shape[1] + 1)] = x[i];
      }
    });
  }
};

}  // namespace

Tensor diag(const Tensor& x) {
  static const auto operation = std::make_shared<const DiagOperation>();
  return apply(operation, {x});
}

}  // namespace xgrad
