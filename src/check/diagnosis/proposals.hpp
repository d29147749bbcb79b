#pragma once

#include <functional>
#include <string>
#include <vector>

#include "check/diagnosis/edits.hpp"
#include "formulas/expression.hpp"
#include "formulas/formulas.hpp"

/// Edits of single parts of formulas, by the kind of layer in which they are usual.
namespace xgrad::check::diagnosis {

/// What may stand in the place of a part of a formula, or of the whole.
struct Proposal {
  Expr replacement = nullptr;
  std::string words;  ///< "the mean in place of Σ₁ (δ_P ⊙ P)"
  Rank rank = Rank::common;
  bool everywhere = false;  ///< in all places of the part at once
};

/// What proposals are made from.
struct Sources {
  formulas::Formulas& pass;
  const Vocabulary& vocabulary;
  std::function<std::string(Expr)> text;

  [[nodiscard]] formulas::Expressions& expressions() const { return pass.expressions(); }
  [[nodiscard]] std::string in_place_of(Expr found, Expr expected) const {
    return text(found) + " in place of " + text(expected);
  }
};

/// softmax_edits.cpp: the Jacobian of softmax taken for its diagonal or left out, a mean for its row sum; a mask on the
/// other axis, or left out; targets without their smoothing.
void propose_for_softmax(const Sources& sources, Expr root, Expr here, std::vector<Proposal>& proposals);
/// Of a whole line.
void propose_for_masks(const Sources& sources, const Line& line, std::vector<Proposal>& proposals);

/// gate_edits.cpp: parts of stacked gates exchanged, 1 − z for z, cases taken for one another, factors squared or the
/// other way up, numbers of one summand only, axes not exchanged.
void propose_for_gates(const Sources& sources, Expr root, Expr here, std::vector<Proposal>& proposals);
/// Of a whole line: a gradient passed on as it is, a slope that is missing.
void propose_for_lines(const Sources& sources, const std::vector<Line>& lines, const Line& line,
                       std::vector<Proposal>& proposals);

/// time_edits.cpp: of a sum over the steps of a recurrence, or over the uses of a weight, one summand alone; one factor
/// of all summands a step late or early, or in the reverse order.
void propose_for_sums(const Sources& sources, Expr here, std::vector<Proposal>& proposals);

}  // namespace xgrad::check::diagnosis
