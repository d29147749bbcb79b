#pragma once

#include "ops/reduce/reduction.hpp"

namespace xgrad::ops {

/// The base of max and min, which take at least one element. The elements equal to the result share the gradient:
/// ∂/∂x_i = [x_i = out] / |{j : x_j = out}|.
class Extremum : public Reduction {
 public:
  using Reduction::Reduction;

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const final;
  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const final;
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const final;

 private:
  /// Where an element equals the result (bool, the input's shape), and their number (with the axes kept).
  struct Ties {
    Tensor mask;
    Tensor count;
  };
  [[nodiscard]] Ties ties(const Call& call) const;
};

}  // namespace xgrad::ops
