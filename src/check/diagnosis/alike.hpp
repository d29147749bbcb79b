#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "check/diagnosis/edits.hpp"
#include "check/diagnosis/lines.hpp"
#include "formulas/expression.hpp"
#include "formulas/formulas.hpp"

/// Formulas that differ in their step only: δ_h1 = δ_z2 W and δ_h2 = δ_z3 W.
namespace xgrad::check::diagnosis {

/// "h" of h1, h2 and h³.
[[nodiscard]] std::string without_number(std::string_view name);

/// What one formula has where the other has another thing.
struct Renaming {
  std::unordered_map<Expr, Expr> symbols;  ///< also x[:, t, :], where slices are taken for symbols
  std::unordered_map<const Operation*, std::shared_ptr<const Operation>> operations;
};

/// Finds formulas that are alike: equal but for symbols of equal names without their numbers, and slices of one element
/// along an axis, which may be another's. Weights are the same.
class Alikeness {
 public:
  /// Whether slices of one element are taken for symbols.
  enum class Slices : bool { operations, symbols };

  /// `lines` and the pass outlive this.
  Alikeness(formulas::Formulas& pass, const std::vector<Line>& lines, const Vocabulary& vocabulary);

  /// Whether the second is the first, renamed; adds to the renaming, also if not.
  [[nodiscard]] bool are_alike(Expr a, Expr b, Renaming& renaming, Slices slices = Slices::operations);
  /// The formula, renamed. What the renaming doesn't know follows from definitions and gradients, or stays.
  [[nodiscard]] Expr renamed(Expr e, Renaming& renaming);
  [[nodiscard]] const std::string& base_of(Expr symbol);

 private:
  [[nodiscard]] bool may_stand_for(Expr a, Expr b);
  [[nodiscard]] bool are_alike_in_some_order(const std::vector<Expr>& summands, std::vector<Expr> others,
                                             Renaming& renaming, Slices slices);
  [[nodiscard]] bool is_one_step(Expr a, Expr b) const;
  void close(Renaming& renaming);
  [[nodiscard]] Expr rebuilt(Expr e, Renaming& renaming, std::unordered_map<Expr, Expr>& done);

  formulas::Formulas& pass_;
  std::unordered_map<Expr, std::string> bases_;
  std::unordered_map<Expr, Expr> gradient_of_;  // of a symbol of the forward pass
  std::unordered_map<Expr, Expr> of_gradient_;  // the other way
};

}  // namespace xgrad::check::diagnosis
