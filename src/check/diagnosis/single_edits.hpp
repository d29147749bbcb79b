#pragma once

#include <optional>
#include <string>
#include <vector>

#include "check/diagnosis/edits.hpp"
#include "check/diagnosis/evidence.hpp"
#include "check/diagnosis/lines.hpp"
#include "check/diagnosis/probe.hpp"
#include "check/diagnosis/values.hpp"
#include "formulas/formulas.hpp"

namespace xgrad::check::diagnosis {

/// A line with another formula.
struct ChangedLine {
  std::size_t line = 0;
  Expr formula = nullptr;
};
[[nodiscard]] std::vector<Line> with_changes(std::vector<Line> lines, const std::vector<ChangedLine>& changes);

/// A term that may have been added to a gradient by mistake.
struct Term {
  Expr symbol = nullptr;
  std::string words;  ///< "W (weight decay)"
  Values values;
};

/// One or two edits, with their numbers if they have any, and the targets that they explain.
struct Candidate {
  std::vector<ChangedLine> changes;
  std::string words;
  std::vector<std::size_t> explained;  ///< targets
  std::size_t mistakes = 1;
  Rank rank = Rank::usual;
  bool inlined = false;
  std::string kind;  ///< its words without the line
};

/// A backward pass as edited, and what it gives: `gradients` are the chosen entries of what `lines` give, by target,
/// empty where there is no line of it.
struct EditedPass {
  std::vector<Line> lines;
  std::vector<Values> gradients;
  /// Whether its last edit is only tried: then only common edits are made on top of it, and what it explains by itself
  /// counts with theirs.
  bool is_tried = false;
};

/// A limit on the evaluations of one stage of the search, in units of a small one. It was cut short if edits were left
/// untried.
class Effort {
 public:
  /// `per_unit`: how many multiplications of convolutions count as one.
  explicit Effort(double most, double per_unit = 40'000) noexcept : most_{most}, per_unit_{per_unit} {}

  void spend(double evaluations, double multiplications) noexcept {
    spent_ += evaluations + multiplications / per_unit_;
  }
  /// Whether the limit is reached. To be asked when there is more to try: then that is left untried.
  [[nodiscard]] bool ends() noexcept {
    cut_short_ = cut_short_ || spent_ > most_;
    return spent_ > most_;
  }
  void cut_short() noexcept { cut_short_ = true; }
  [[nodiscard]] bool was_cut_short() const noexcept { return cut_short_; }

 private:
  double most_;
  double per_unit_;
  double spent_ = 0;
  bool cut_short_ = false;
};

/// References that trying edits of a pass takes. They outlive the objects made with them.
struct Instruments {
  formulas::Formulas& pass;
  Probe& probe;  ///< gives the chosen entries of the evidence
  const Evidence& evidence;
  const Vocabulary& vocabulary;
  const std::vector<std::vector<Term>>& terms;  ///< that may have been added, by target
};

/// The gradients nearest to a line, with another formula there. Empty where none is known.
[[nodiscard]] std::vector<Values> changed_gradients(const Instruments& instruments, const std::vector<Line>& lines,
                                                    const ChangedLine& change, Effort& effort);

/// All single edits of one pass that explain a manual gradient and contradict none, as far as the chosen entries say;
/// also with a number on top, or a term. The pass stays as it is.
class SingleEdits {
 public:
  /// `editable` are the lines to edit. The pass outlives this.
  SingleEdits(const Instruments& instruments, const EditedPass& pass, const std::vector<bool>& editable,
              Effort& effort);

  [[nodiscard]] std::vector<Candidate> run();

 private:
  [[nodiscard]] std::vector<Values> changed(std::size_t line, Expr formula);
  [[nodiscard]] const std::vector<Values>& without(std::size_t line);
  void judge(const Edit& edit);
  void judge_slope(const Edit& edit);
  void judge_numbers(std::size_t line, const Edit* edit, const std::vector<Values>& edited);
  void judge_added(std::size_t line, const Edit* edit, const std::vector<Values>& edited);
  [[nodiscard]] std::optional<double> added_factor(const Values& manual, const Values& gradient, const Values& term,
                                                   double scale) const;
  void propose(Candidate candidate, const std::vector<Values>& gradients);

  Instruments with_;
  const Evidence& evidence_;
  const EditedPass& pass_;
  std::vector<bool> editable_;
  Effort& effort_;
  std::vector<std::vector<Values>> without_;  // by line: the gradients with zero there; empty if not asked for yet
  std::vector<Candidate> found_;
};

}  // namespace xgrad::check::diagnosis
