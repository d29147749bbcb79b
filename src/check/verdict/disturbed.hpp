#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "xgrad/operation.hpp"

namespace xgrad::check {

/// x ⊙ (base + size u), with 1/2 ≤ |u| ≤ 1 drawn for each element from `number` and the second input, a seed: a scalar
/// of int64. A cotangent is multiplied by the same.
class Disturbed final : public Operation {
 public:
  Disturbed(std::int64_t number, double base, double size) noexcept : number_{number}, base_{base}, size_{size} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "disturbed"; }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    return {{"number", number_}, {"base", base_}, {"size", size_}};
  }
  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    return {inputs[0].shape(), inputs[0].dtype()};
  }
  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override;
  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override;

 private:
  std::int64_t number_;
  double base_;
  double size_;
};

}  // namespace xgrad::check
