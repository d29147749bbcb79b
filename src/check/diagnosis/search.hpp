#pragma once

#include <optional>
#include <string>
#include <vector>

#include "xgrad/derive.hpp"

#include "check/diagnosis/edits.hpp"
#include "check/diagnosis/evidence.hpp"
#include "check/diagnosis/lines.hpp"
#include "check/diagnosis/probe.hpp"
#include "check/diagnosis/problem.hpp"
#include "check/diagnosis/single_edits.hpp"
#include "formulas/formulas.hpp"

namespace xgrad::check::diagnosis {

/// A mistake that was found.
struct Mistake {
  std::string words;                      ///< "the factor σ′(z¹) left out in δ¹"
  std::vector<std::size_t> lines;         ///< where it is, or the first of two; several, if it is the same there
  std::vector<std::string> alternatives;  ///< that give the same numbers here, but not everywhere
};

/// The explanation of one manual gradient, as far as it was found.
struct Finding {
  std::vector<Mistake> mistakes;  ///< which together give it; none if it is right or not explained
  bool explained = false;         ///< then there is a mistake at least
  bool cut_short = false;         ///< not all that might explain it was tried
  bool searched = true;           ///< anything was tried
};

/// The edits of a derived backward pass that reproduce manual gradients. Formulas use the manual gradients of tensors
/// on the way, where there are some, so that each is explained by its own formula.
///
/// The accepted pass has the edits that were found, and the evidence is kept that they explain. Both change in accept()
/// alone; what is only tried is a pass of its own.
class Search {
 public:
  /// Gradients agree if they differ by at most `tolerance` of their norm. `terms` are what may have been added to one.
  Search(formulas::Formulas& pass, Problem problem, double tolerance, const std::vector<NamedTensor>& terms);

  [[nodiscard]] std::vector<Finding> run();
  /// With the edits that were found.
  [[nodiscard]] const std::vector<Line>& lines() const noexcept { return accepted_.lines; }

 private:
  [[nodiscard]] static Evidence evidence_of(Problem& problem, double tolerance);
  void add_terms(const std::vector<NamedTensor>& terms);
  void update_vocabulary();
  [[nodiscard]] std::vector<bool> leading() const;
  [[nodiscard]] Instruments instruments() { return {pass_, problem_.here, evidence_, problem_.vocabulary, terms_}; }
  [[nodiscard]] std::vector<Candidate> pairs(std::size_t target, const std::vector<bool>& leading, Effort& effort);
  [[nodiscard]] std::vector<Candidate> pairs_with(const ChangedLine& one, std::size_t target,
                                                  const std::vector<bool>& editable, Effort& effort);
  [[nodiscard]] std::vector<bool> near(std::size_t target, Effort& effort) const;
  [[nodiscard]] bool explain_all(const std::vector<Candidate>& found) const;
  void keep_what_holds(std::vector<Candidate>& found);
  [[nodiscard]] bool holds(Candidate& candidate);
  [[nodiscard]] bool holds_at_other_point(const Candidate& candidate, const std::vector<Line>& lines);
  void accept(const Candidate& best, const std::vector<Candidate>& found);
  [[nodiscard]] Mistake mistake_of(const Candidate& best, const std::vector<Candidate>& found);

  formulas::Formulas& pass_;
  Problem problem_;    // its lines are the derived ones; its probe gives the chosen entries
  Probe exact_;        // all entries
  Evidence evidence_;  // chosen by what the derived lines give
  EditedPass accepted_;
  std::vector<Values> all_gradients_;     // of the accepted pass, all entries; empty if not known yet
  std::vector<std::vector<Term>> terms_;  // by target
  std::vector<Finding> findings_;         // by target
};

}  // namespace xgrad::check::diagnosis
