// x        ∂x = g, behind a barrier; of lasting_stop_gradient ∂x = 0
#include "ops/control/barrier.hpp"

#include <cstring>
#include <memory>

namespace xgrad::ops {

namespace {

Signature same_as(const Tensor& x) {
  return {x.shape(), x.dtype()};
}

void copy(const ConstArray& x, const Array& output) {
  std::memcpy(output.data, x.data, static_cast<std::size_t>(output.shape.size()) * size_of(output.dtype));
}

class LastingStopGradient final : public Operation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "stop_gradient"; }
  [[nodiscard]] bool differentiable() const noexcept override { return false; }
  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override { return same_as(inputs[0]); }
  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override { copy(inputs[0], output); }
};

}  // namespace

std::vector<Attribute> Barrier::attributes() const {
  return {{"number", number_}, {"backward", side_ == Side::backward}};
}

Signature Barrier::infer(std::span<const Tensor> inputs) const {
  return same_as(inputs[0]);
}

std::vector<Tensor> Barrier::vjp(const Call& /*call*/, const Tensor& cotangent) const {
  return {apply(std::make_shared<const Barrier>(Side::backward, static_cast<std::size_t>(number_)), {cotangent})};
}

void Barrier::evaluate(std::span<const ConstArray> inputs, const Array& output) const {
  copy(inputs[0], output);
}

Tensor barrier(const Tensor& x, std::size_t number) {
  return apply(std::make_shared<const Barrier>(Barrier::Side::forward, number), {x});
}

const Barrier* as_barrier(const Operation& operation) noexcept {
  return dynamic_cast<const Barrier*>(&operation);
}

Tensor lasting_stop_gradient(const Tensor& x) {
  static const auto operation = std::make_shared<const LastingStopGradient>();
  return apply(operation, {x});
}

}  // namespace xgrad::ops
