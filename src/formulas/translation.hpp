#pragma once

#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "formulas/expression.hpp"
#include "graph/order.hpp"

namespace xgrad::formulas {

/// Reads graphs as formulas.
class Translation {
 public:
  /// Nodes in `named` become symbols, with what they compute as their definition; so do leaves that aren't numbers.
  Translation(Expressions& expressions, const std::unordered_set<const graph::Node*>& named)
      : e_{expressions}, named_{named} {}

  /// Translates what is behind the tensors and isn't translated yet.
  void add(std::span<const Tensor> tensors);

  /// Nodes that became symbols because formulas would get too long without: what is used more than once, or is long.
  [[nodiscard]] const std::vector<const graph::Node*>& abbreviated() const noexcept { return abbreviated_; }

  /// The symbol of a named node, else what it computes.
  [[nodiscard]] Expr of(const graph::Node* node) const { return known_.at(node); }
  [[nodiscard]] bool has(const graph::Node* node) const { return known_.contains(node); }

 private:
  Expr leaf(const graph::Node& node);
  Expr operation(const graph::Node& node);
  Expr element_wise(const graph::Node& node, const std::vector<Expr>& x);
  Expr choice(const graph::Node& node, const std::vector<Expr>& x);
  Expr slope(const graph::Node& node, const std::vector<Expr>& x);

  Expressions& e_;
  const std::unordered_set<const graph::Node*>& named_;
  std::unordered_map<const graph::Node*, Expr> known_;
  std::vector<const graph::Node*> abbreviated_;
};

}  // namespace xgrad::formulas
