#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "xgrad/operation.hpp"

namespace xgrad::formulas {

/// An operation that changes nothing, but for what is made of it otherwise.
class Identity : public Operation {
 public:
  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const final {
    return {inputs[0].shape(), inputs[0].dtype()};
  }
  void evaluate(std::span<const ConstArray> inputs, const Array& output) const final {
    std::memcpy(output.data, inputs[0].data, static_cast<std::size_t>(output.shape.size()) * size_of(output.dtype));
  }
};

/// stop_gradient, in a form that simplification before differentiation doesn't take for nothing.
class StopGradient final : public Identity {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "stop_gradient"; }
  [[nodiscard]] bool differentiable() const noexcept override { return false; }
};

/// Where simplification isn't to see what is behind: a rule that goes around a tensor, log softmax for
/// example, would leave nothing to differentiate by it, and equal tensors would be merged. No two are equal.
class Barrier final : public Identity {
 public:
  enum class Side : bool { forward, backward };

  Barrier(Side side, std::size_t number) : side_{side}, number_{static_cast<std::int64_t>(number)} {}

  [[nodiscard]] Side side() const noexcept { return side_; }
  [[nodiscard]] std::string_view name() const noexcept override { return "barrier"; }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    return {{"number", number_}, {"backward", side_ == Side::backward}};
  }
  /// The cotangent, behind a barrier of its own.
  [[nodiscard]] std::vector<Tensor> vjp(const Call& /*call*/, const Tensor& cotangent) const override {
    return {apply(std::make_shared<const Barrier>(Side::backward, static_cast<std::size_t>(number_)), {cotangent})};
  }

 private:
  Side side_;
  std::int64_t number_;
};

/// Null for another operation.
[[nodiscard]] inline const Barrier* as_barrier(const Operation* operation) noexcept {
  return dynamic_cast<const Barrier*>(operation);
}

}  // namespace xgrad::formulas
