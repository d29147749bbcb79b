// t d, as the chain rule takes it: 0 where t = 0, whatever d is, and where d = 0 and t is infinite        ∂t = d, ∂d =
// t
#include <cmath>
#include <optional>

#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "graph/values.hpp"
#include "ops/elementwise/elementwise.hpp"
#include "ops/forms/pattern.hpp"
#include "ops/recognise.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

class ChainMulOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "chain_mul"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::chain_mul; }
  [[nodiscard]] Notation notation() const noexcept override { return {Notation::Form::infix, "⊙", 2}; }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t i, const Tensor& t) const override {
    return chain_mul(t, call.inputs[1 - i]);
  }

  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return run::vector_tile(&run::VectorKernels::chain_mul, output);
  }
};

// The number that the tensor repeats, if it is made of constants alone.
std::optional<double> constant(const Tensor& x, int steps = 8) {
  const graph::Node& node = *x.node();
  if (node.operation == nullptr) {
    if (node.history || !node.has_value() || node.shape.size() != 1) {
      return std::nullopt;
    }
    return graph::element_of(node, 0);
  }
  if (steps == 0) {
    return std::nullopt;
  }
  const auto operand = [&](std::size_t i) { return constant(ops::input(node, i), steps - 1); };
  const Operation& operation = *node.operation;
  if (ops::is_reshape(operation) || ops::is_broadcast_to(operation)) {
    return operand(0);
  }
  if (ops::is_neg(operation)) {
    const auto value = operand(0);
    return value ? std::optional{-*value} : std::nullopt;
  }
  if (ops::is_div(operation) || ops::is_mul(operation)) {
    const auto a = operand(0);
    const auto b = a ? operand(1) : std::nullopt;
    return b ? std::optional{ops::is_div(operation) ? *a / *b : *a * *b} : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

Tensor chain_mul(const Tensor& t, const Tensor& d) {
  static const auto operation = std::make_shared<const ChainMulOperation>();
  const auto is_finite_number = [](const Tensor& x) {
    const auto value = x.defined() && is_floating(x.dtype()) ? constant(x) : std::nullopt;
    return value && *value != 0 && std::isfinite(*value);
  };
  return is_finite_number(t) || is_finite_number(d) ? t * d : apply(operation, {t, d});
}

}  // namespace xgrad
