#pragma once

#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "formulas/expression.hpp"
#include "graph/order.hpp"
#include "ops/decompositions/matrix_form.hpp"

namespace xgrad::formulas {

/// Reads graphs as formulas.
class Translation {
 public:
  /// Whether a long formula that isn't named becomes a symbol.
  enum class Length : bool { limited, any };

  /// Nodes in `named` become symbols, with what they compute as their definition; so do leaves that aren't numbers.
  Translation(Expressions& expressions, const std::unordered_set<const graph::Node*>& named,
              Length length = Length::limited)
      : e_{expressions}, named_{named}, length_{length} {}

  /// Takes this for the formula of a node that isn't translated yet.
  void set(const graph::Node* node, Expr formula) { known_.insert_or_assign(node, formula); }

  /// Whether a named node that is 0 whatever the values is a symbol all the same.
  enum class Zeros : bool { named, written };

  /// Translates the nodes behind the tensors that aren't translated yet.
  void add(std::span<const Tensor> tensors, Zeros zeros = Zeros::named);

  /// Nodes that became symbols so that formulas stay short.
  [[nodiscard]] const std::vector<const graph::Node*>& abbreviated() const noexcept { return abbreviated_; }

  /// The symbol of a named node, else the formula of what it computes.
  [[nodiscard]] Expr of(const graph::Node* node) const { return known_.at(node); }
  [[nodiscard]] bool has(const graph::Node* node) const { return known_.contains(node); }

 private:
  Expr leaf(const graph::Node& node);
  Expr operation(const graph::Node& node);
  Expr of_number(const graph::Node& node, Expr x);
  Expr folded(const graph::Node& node, const std::vector<Expr>& x);
  Expr of_matrices(const graph::Node& node, ops::MatrixForm form, const std::vector<Expr>& x);
  Expr abbreviate(const graph::Node& node, Expr formula);
  Expr element_wise(const graph::Node& node, const std::vector<Expr>& x);
  [[nodiscard]] bool is_too_long(const graph::Node& node, Expr e, std::size_t uses) const;
  Expr slope(const graph::Node& node, const std::vector<Expr>& x);

  Expressions& e_;
  const std::unordered_set<const graph::Node*>& named_;
  Length length_;
  std::unordered_map<const graph::Node*, Expr> known_;
  std::vector<const graph::Node*> abbreviated_;
  std::unordered_map<Expr, Expr> abbreviations_;  // symbols, by the formulas that they stand for
};

}  // namespace xgrad::formulas
