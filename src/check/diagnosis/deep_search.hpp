#pragma once

#include <unordered_map>
#include <vector>

#include "xgrad/derive.hpp"

#include "check/diagnosis/problem.hpp"
#include "check/diagnosis/search.hpp"
#include "formulas/formulas.hpp"

namespace xgrad::check::diagnosis {

/// The search in a pass of very many lines: around the first gradient that is wrong, in the order of the backward pass;
/// once that is explained, around the first that still is; and so on, a few times. A round takes some dozens of lines,
/// those that lead there and those that use them, and costs as much as going through the pass a few times.
class DeepSearch {
 public:
  /// Of lines up to this many all take part in one Search.
  static constexpr std::size_t most_for_one = 256;

  DeepSearch(formulas::Formulas& pass, Problem whole, double tolerance, const std::vector<NamedTensor>& terms);

  [[nodiscard]] std::vector<Finding> run();

 private:
  using Lines = std::vector<std::size_t>;

  [[nodiscard]] std::vector<Values> gradients();
  [[nodiscard]] bool agrees(std::size_t target, const Values& gradient) const;
  [[nodiscard]] std::vector<bool> remaining(const std::vector<Values>& gradients) const;
  /// Of the line nearest to the loss whose gradient remains; the number of lines if there is none.
  [[nodiscard]] std::size_t first(const std::vector<bool>& remaining) const;
  [[nodiscard]] Lines around(std::size_t line, std::vector<bool>& leading) const;
  [[nodiscard]] std::vector<bool> leading(const std::vector<bool>& remaining) const;
  [[nodiscard]] Problem part(const Lines& lines, std::size_t sought, const std::vector<bool>& remaining,
                             const std::vector<bool>& leading);
  [[nodiscard]] Vocabulary vocabulary_of(const Lines& lines) const;
  [[nodiscard]] bool round(std::size_t line, const std::vector<bool>& remaining);

  formulas::Formulas& pass_;
  Problem whole_;
  double tolerance_;
  const std::vector<NamedTensor>& terms_;
  std::vector<std::size_t> last_used_;                // by line
  std::vector<std::vector<Expr>> symbols_;            // in each line
  std::unordered_map<Expr, std::size_t> definition_;  // the line of each symbol
  std::unordered_map<Expr, Lines> users_;             // of each symbol that a line defines
  std::vector<Values> manual_;                        // by target
  std::vector<Values> current_;                       // what the lines give, by target
  std::vector<Finding> findings_;
};

}  // namespace xgrad::check::diagnosis
