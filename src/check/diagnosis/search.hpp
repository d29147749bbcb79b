#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "xgrad/derive.hpp"

#include "check/diagnosis/edits.hpp"
#include "check/diagnosis/probe.hpp"
#include "derive/formulas.hpp"

namespace xgrad::check::diagnosis {

/// A mistake that was found.
struct Mistake {
  std::string words;                      ///< "the factor σ′(z¹) left out in δ¹"
  std::string line;                       ///< where it is, or the first of two: "δ¹"
  std::vector<std::string> alternatives;  ///< that give the same numbers here, but not everywhere
};

/// What is known of one parameter's manual gradient.
struct Finding {
  bool wrong = false;
  std::vector<Mistake> mistakes;  ///< which together give the manual gradient; none if it is right or not explained
  double residual = 0;            ///< ‖manual − explained‖ / ‖manual‖
};

/// The edits of a derived backward pass that reproduce manual gradients.
class Search {
 public:
  /// `manual` by parameter, undefined if there is none. Gradients agree if they differ by at most `tolerance` of their
  /// norm. `terms` are what may have been added to one.
  Search(formulas::Formulas& pass, std::vector<Tensor> manual, double tolerance, std::int64_t batch,
         const std::vector<NamedTensor>& terms);

  [[nodiscard]] std::vector<Finding> run();

 private:
  struct Change {
    std::size_t line = 0;
    Expr formula = nullptr;
  };
  /// Something of a parameter's shape that isn't part of its gradient.
  struct Term {
    Expr symbol = nullptr;
    std::string words;  ///< "W (weight decay)"
    Values values;
  };
  /// Edits, with their numbers if they have one, as formulas; and what they explain.
  struct Candidate {
    std::vector<Change> changes;
    std::string words;
    std::vector<std::size_t> explained;  // parameters
    std::size_t mistakes = 1;
    Rank rank = Rank::usual;
  };

  [[nodiscard]] bool agree(const Values& a, const Values& b) const;
  [[nodiscard]] double residual(const Values& a, const Values& b) const;
  void update_vocabulary();
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
  [[nodiscard]] std::vector<Candidate> pairs(std::size_t parameter);
  [[nodiscard]] const std::vector<Values>& without(std::size_t line);
  [[nodiscard]] bool affects_remaining(std::size_t line);
  [[nodiscard]] std::vector<Line> edited(const std::vector<Change>& changes) const;
  [[nodiscard]] std::vector<std::string> alternatives(const Candidate& best, const std::vector<Candidate>& found);
  void select_entries();
  [[nodiscard]] bool holds(const Candidate& candidate);
  void accept(const Candidate& best, const std::vector<Candidate>& found);
  [[nodiscard]] std::pair<std::string, bool> number_words(double factor) const;

  formulas::Formulas& pass_;
  std::vector<Tensor> all_manual_;
  double tolerance_;
  Vocabulary vocabulary_;
  Probe here_;
  Probe exact_;  // all entries
  Probe elsewhere_;
  std::vector<Values> manual_;                // of large tensors some entries, as current_
  std::vector<Line> lines_;                   // as edited so far
  std::vector<Values> current_;               // their gradients
  std::vector<bool> remaining_;               // parameters to be explained
  std::vector<std::vector<Values>> without_;  // per line: the gradients with zero there
  std::vector<std::vector<Term>> terms_;      // per parameter
  bool on_top_ = false;                       // whether lines_ has an edit that is only tried
  std::vector<Finding> findings_;
};

}  // namespace xgrad::check::diagnosis
