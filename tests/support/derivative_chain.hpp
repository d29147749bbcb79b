#pragma once

#include <vector>

#include "support/op_case.hpp"

/// The scalars that a case's derivatives are taken of:
///   f₀ = Σ w ⊙ y with uneven weights w,   f₁ = Σ v ⊙ ∂f₀/∂x,   f₂ = Σ v′ ⊙ ∂f₁/∂x,
/// each built as a graph by the library and differentiated by it once more.
namespace xgrad::test {

class DerivativeChain {
 public:
  explicit DerivativeChain(const FormulaCase& tested);

  /// f_order as a graph on these inputs.
  [[nodiscard]] Tensor scalar(const Tensors& inputs, int order) const;
  /// The value of f_order at a point, in float64.
  [[nodiscard]] double value(const ManyValues& point, int order) const;
  /// ∂f_order/∂x at a point.
  [[nodiscard]] Tensors gradient(const ManyValues& point, int order, DType dtype = float64) const;

  /// The weights of f₀: one array per result.
  [[nodiscard]] const ManyValues& weights() const noexcept { return weights_; }
  /// The direction of f₁ (order 1) or f₂ (order 2): one array per input.
  [[nodiscard]] const ManyValues& direction(int order) const { return directions_[static_cast<std::size_t>(order)]; }

 private:
  const FormulaCase& case_;
  ManyValues weights_;
  std::vector<ManyValues> directions_;
};

/// Leaves whose dependents keep their history.
[[nodiscard]] Tensors variables(const ManyValues& values, DType dtype = float64);
[[nodiscard]] Tensors tensors(const ManyValues& values, DType dtype = float64);

}  // namespace xgrad::test
