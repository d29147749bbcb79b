#pragma once

#include <unordered_map>
#include <vector>

#include "formulas/expression.hpp"

namespace xgrad::formulas {

/// Values of formulas, computed from the formulas themselves. Symbols are what they are defined by; leaves are their
/// nodes' values. No history.
class Evaluation {
 public:
  using Symbols = std::unordered_map<const graph::Node*, Tensor>;

  explicit Evaluation(const Expressions& expressions) : e_{expressions} {}
  /// With values of symbols that must live as long as this; those that are set come before them.
  Evaluation(const Expressions& expressions, const Symbols& base) : e_{expressions}, base_{&base} {}

  /// The symbol's value, in the place of its definition. Before anything that uses it is computed.
  void set(const graph::Node& node, Tensor value);
  /// Of the formula's shape; pending.
  [[nodiscard]] Tensor of(Expr root);

 private:
  [[nodiscard]] Tensor compute(Expr e);

  /// Null if the symbol has none.
  [[nodiscard]] const Tensor* find(const graph::Node& node) const;

  const Expressions& e_;
  const Symbols* base_ = nullptr;
  Symbols symbols_;
  std::unordered_map<Expr, Tensor> known_;
};

}  // namespace xgrad::formulas
