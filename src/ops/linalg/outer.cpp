// u vᵀ        ∂u: G v, ∂v: Gᵀ u
#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "graph/node.hpp"
#include "ops/rules.hpp"
#include "run/products/matmul.hpp"

namespace xgrad {

namespace {

class OuterOperation final : public Operation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "outer"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::outer; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const DType dtype = ops::require_floating(name(), inputs);
    if (inputs[0].rank() != 1 || inputs[1].rank() != 1) {
      throw ShapeError(fmt::format("[outer] takes two vectors, not {}", graph::label(inputs)));
    }
    return {Shape{inputs[0].size(), inputs[1].size()}, dtype};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& g) const override {
    return {call.wants(0) ? matmul(g, call.inputs[1]) : Tensor{},
            call.wants(1) ? matmul(transpose(g), call.inputs[0]) : Tensor{}};
  }

  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    const Tensor first = tangents[0].defined() ? outer(tangents[0], call.inputs[1]) : Tensor{};
    const Tensor second = tangents[1].defined() ? outer(call.inputs[0], tangents[1]) : Tensor{};
    return ops::add_defined(first, second);
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    if (output.dtype == float32) {
      run::outer(inputs[0].as<float>(), inputs[1].as<float>(), output.shape, output.as<float>());
    } else {
      run::outer(inputs[0].as<double>(), inputs[1].as<double>(), output.shape, output.as<double>());
    }
  }
};

}  // namespace

Tensor outer(const Tensor& u, const Tensor& v) {
  static const auto operation = std::make_shared<const OuterOperation>();
  return apply(operation, {u, v});
}

}  // namespace xgrad
