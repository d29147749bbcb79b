// yᵢ = bᵢ + aᵢ yᵢ₋₁. With λ, the recurrence λᵢ = gᵢ + aᵢ₊₁ λᵢ₊₁ the other way: ∂/∂bᵢ = λᵢ, ∂/∂aᵢ = λᵢ yᵢ₋₁.
#include "ops/reduce/linear_recurrence.hpp"

#include <array>
#include <fmt/format.h>
#include <utility>

#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "graph/node.hpp"
#include "ops/rules.hpp"
#include "run/reductions/running.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad::ops {

namespace {

class LinearRecurrenceOperation final : public Operation {
 public:
  LinearRecurrenceOperation(std::size_t axis, bool reverse) : axis_{axis}, reverse_{reverse} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "linear_recurrence"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 2; }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    return {{"axis", static_cast<std::int64_t>(axis_)}, {"reverse", reverse_}};
  }
  [[nodiscard]] bool may_throw() const noexcept override { return false; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    if (inputs[0].shape() != inputs[1].shape()) {
      throw ShapeError(fmt::format("[linear_recurrence] {}; expected equal shapes", graph::label(inputs)));
    }
    return {inputs[0].shape(), require_floating(name(), inputs)};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    const Tensor& a = call.inputs[0];
    const Tensor of_b = linear_recurrence(neighbours(a, axis_, !reverse_, 0), cotangent, axis_, !reverse_);
    return {call.wants(0) ? chain_mul(of_b, neighbours(call.output, axis_, reverse_, 0)) : Tensor{}, of_b};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    const Tensor of_a =
        tangents[0].defined() ? chain_mul(tangents[0], neighbours(call.output, axis_, reverse_, 0)) : Tensor{};
    return linear_recurrence(call.inputs[0], add_defined(of_a, tangents[1]), axis_, reverse_);
  }

  [[nodiscard]] bool runs_in_place() const noexcept override { return true; }
  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    dispatch_floating(output.dtype, [&]<class T>(std::type_identity<T>) {
      run::linear_recurrence(inputs[0].as<T>(), inputs[1].as<T>(), run::view_along(output.shape, axis_), reverse_,
                             output.as<T>());
    });
  }

 private:
  std::size_t axis_;
  bool reverse_;
};

}  // namespace

Tensor linear_recurrence(const Tensor& a, const Tensor& b, std::size_t axis, bool reverse) {
  return apply(std::make_shared<const LinearRecurrenceOperation>(axis, reverse), {a, b});
}

Tensor neighbours(const Tensor& x, std::size_t axis, bool reverse, double edge) {
  const std::int64_t length = x.shape()[axis];
  if (length == 0) {
    return x;
  }
  std::vector<std::pair<std::int64_t, std::int64_t>> widths(x.rank(), {0, 0});
  widths[axis] = reverse ? std::pair<std::int64_t, std::int64_t>{0, 1} : std::pair<std::int64_t, std::int64_t>{1, 0};
  const Slice kept = reverse ? Slice{1, length} : Slice{0, length - 1};
  return pad(slice(x, kept, static_cast<std::int64_t>(axis)), widths, edge);
}

}  // namespace xgrad::ops
