#pragma once

#include <unordered_map>
#include <vector>

#include "formulas/expression.hpp"

namespace xgrad::formulas {

/// Values of formulas, computed from the formulas alone, without history. A symbol has the value of its definition, a
/// leaf that of its node.
class Evaluation {
 public:
  using Symbols = std::unordered_map<const graph::Node*, Tensor>;

  explicit Evaluation(const Expressions& expressions) : e_{expressions} {}
  /// `base` has values of symbols, and must outlive this. Values that are set come first.
  Evaluation(const Expressions& expressions, const Symbols& base) : e_{expressions}, base_{&base} {}

  /// Gives a symbol this value instead of its definition's, before any formula that uses it is computed.
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
