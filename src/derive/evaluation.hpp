#pragma once

#include <unordered_map>
#include <vector>

#include "derive/expression.hpp"

namespace xgrad::formulas {

/// Values of formulas, computed from the formulas themselves. Symbols are what they are defined by; leaves are their
/// nodes' values. No history.
class Evaluation {
 public:
  explicit Evaluation(const Expressions& expressions) : e_{expressions} {}

  /// The symbol's value, in the place of its definition. Before anything that uses it is computed.
  void set(const graph::Node& node, Tensor value);
  /// Of the formula's shape; pending.
  [[nodiscard]] Tensor of(Expr root);

 private:
  [[nodiscard]] Tensor compute(Expr e);

  const Expressions& e_;
  std::unordered_map<const graph::Node*, Tensor> symbols_;
  std::unordered_map<Expr, Tensor> known_;
};

}  // namespace xgrad::formulas
