#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "xgrad/derive.hpp"

#include "check/diagnosis/edits.hpp"
#include "check/diagnosis/lines.hpp"
#include "check/diagnosis/probe.hpp"
#include "check/diagnosis/problem.hpp"
#include "formulas/formulas.hpp"

namespace xgrad::check::diagnosis {

/// A mistake that was found.
struct Mistake {
  std::string words;                      ///< "the factor σ′(z¹) left out in δ¹"
  std::vector<std::size_t> lines;         ///< where it is, or the first of two; several, if it is the same there
  std::vector<std::string> alternatives;  ///< that give the same numbers here, but not everywhere
};

/// What is known of one manual gradient.
struct Finding {
  std::vector<Mistake> mistakes;  ///< which together give it; none if it is right or not explained
  bool explained = false;         ///< then there is a mistake at least
  bool cut_short = false;         ///< not all that might explain it was tried
  bool searched = true;           ///< anything was tried
};

/// The edits of a derived backward pass that reproduce manual gradients. Formulas use the manual gradients of tensors
/// on the way, where there are some, so that each is explained by its own formula.
class Search {
 public:
  /// Gradients agree if they differ by at most `tolerance` of their norm. `terms` are what may have been added to one.
  Search(formulas::Formulas& pass, Problem problem, double tolerance, const std::vector<NamedTensor>& terms);

  [[nodiscard]] std::vector<Finding> run();
  /// With the edits that were found.
  [[nodiscard]] const std::vector<Line>& lines() const noexcept { return lines_; }

 private:
  struct Change {
    std::size_t line = 0;
    Expr formula = nullptr;
  };
  /// Something of a gradient's shape that isn't part of it.
  struct Term {
    Expr symbol = nullptr;
    std::string words;  ///< "W (weight decay)"
    Values values;
  };
  /// Edits, with their numbers if they have one, as formulas; and what they explain.
  struct Candidate {
    std::vector<Change> changes;
    std::string words;
    std::vector<std::size_t> explained;  // targets
    std::size_t mistakes = 1;
    Rank rank = Rank::usual;
    bool inlined = false;
    std::string kind;  ///< its words without the line
  };
  struct Factor {
    double exact = 1;
    std::string words;
    bool has_meaning = false;  ///< it is one that people forget or repeat
  };
  enum class State : std::uint8_t {
    ignored,    ///< there is none, or it says nothing
    kept,       ///< it is as it should be, and must stay so
    remaining,  ///< it is to be explained
  };

  [[nodiscard]] bool agree(const Values& a, const Values& b) const { return residual(a, b) <= tolerance_; }
  [[nodiscard]] bool is_sought(std::size_t target) const;
  void look_at_manual(const std::vector<Manual>& manual);
  void select_entries();
  void add_terms(const std::vector<NamedTensor>& terms);
  void update_vocabulary();
  void find_leading();
  [[nodiscard]] std::vector<Values> changed(std::size_t line, Expr formula);
  void judge(const Edit& edit, std::vector<Candidate>& found);
  void judge_slope(const Edit& edit, std::vector<Candidate>& found);
  void judge_numbers(std::size_t line, const Edit* edit, const std::vector<Values>& edited,
                     std::vector<Candidate>& found);
  void judge_added(std::size_t line, const Edit* edit, const std::vector<Values>& edited,
                   std::vector<Candidate>& found);
  [[nodiscard]] std::optional<double> added_factor(const Values& manual, const Values& gradient, const Values& term,
                                                   double scale) const;
  void propose(Candidate candidate, const std::vector<Values>& gradients, std::vector<Candidate>& found) const;
  [[nodiscard]] std::vector<Candidate> singles();
  [[nodiscard]] std::vector<Candidate> pairs(std::size_t target);
  [[nodiscard]] std::vector<bool> near(std::size_t target);
  [[nodiscard]] const std::vector<Values>& without(std::size_t line);
  [[nodiscard]] std::vector<Line> edited(const std::vector<Change>& changes) const;
  void keep_what_holds(std::vector<Candidate>& found);
  [[nodiscard]] bool holds(Candidate& candidate);
  void accept(const Candidate& best, const std::vector<Candidate>& found);
  [[nodiscard]] Mistake mistake_of(const Candidate& best, const std::vector<Candidate>& found);
  [[nodiscard]] bool is_nearly_right(std::size_t p) const;
  [[nodiscard]] Factor meaning_of(double factor) const;

  formulas::Formulas& pass_;
  std::vector<Line> lines_;  // as edited so far
  std::vector<Expr> targets_;
  double tolerance_;
  std::vector<Tensor> manual_there_;  // by target
  Vocabulary vocabulary_;
  Probe here_;                                // of large tensors some entries
  Probe exact_;                               // all entries
  std::optional<Probe> random_;               // if the operations take random values
  std::optional<Probe> there_;                // at the other point
  std::vector<Values> all_manual_;            // by target
  std::vector<Values> manual_;                // of large tensors some entries, as current_
  std::vector<Values> current_;               // what the lines give
  std::vector<Values> all_current_;           // likewise, all entries; empty if not known yet
  std::vector<State> states_;                 // by target
  std::vector<bool> counted_;                 // by target: whether its state says something
  std::vector<bool> leading_;                 // by line: whether it leads to something that remains
  std::size_t sought_ = Line::no_target;      // the target that is to be explained, if not all
  double effort_ = 1;                         // of what may be tried
  std::vector<bool> editable_;                // by line: whether it may ever be edited
  std::vector<bool> allowed_;                 // by line: whether it may be edited
  std::vector<std::vector<Values>> without_;  // by line: the gradients with zero there
  std::vector<std::vector<Term>> terms_;      // by target
  bool on_top_ = false;                       // whether lines_ has an edit that is only tried
  double work_ = 0;                           // done so far, in small evaluations
  double most_work_ = 0;                      // to be done
  bool cut_short_ = false;                    // whether there would have been more
  std::vector<Finding> findings_;
};

}  // namespace xgrad::check::diagnosis
