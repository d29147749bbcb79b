#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "xgrad/tensor.hpp"

#include "check/diagnosis/lines.hpp"
#include "check/diagnosis/values.hpp"
#include "formulas/evaluation.hpp"
#include "formulas/formulas.hpp"

namespace xgrad::check::diagnosis {

/// The gradients that a backward pass gives, by target, at one point.
class Probe {
 public:
  /// The value of a leaf at the point; undefined for the one that the graph was built with.
  using LeafValues = std::function<Tensor(const graph::Node& leaf)>;

  explicit Probe(formulas::Formulas& pass, const LeafValues& leaf_values = {});
  /// At random values between 0.1 and 1, so that logarithms stay defined.
  [[nodiscard]] static LeafValues random_leaves(std::uint64_t seed);
  /// At their own, times random numbers between 0.9 and 1.1: for operations that refuse others.
  [[nodiscard]] static LeafValues shaken_leaves(std::uint64_t seed);

  /// Restricts gradients() to these entries of each target; of a target without a list it gives all.
  void select(std::vector<std::vector<std::size_t>> entries) { entries_ = std::move(entries); }
  /// Overrides the value of each line for the lines that use it; an undefined tensor overrides nothing.
  void pin(std::vector<Tensor> values) { pins_ = std::move(values); }

  /// Computes the values of these lines, and keeps them: lines that use them take these values, until others are
  /// prepared.
  void prepare(const std::vector<Line>& lines);
  /// Of all targets; prepares the lines. Empty where a target has no line.
  [[nodiscard]] std::vector<Values> gradients(const std::vector<Line>& lines);
  /// With one line changed: of the targets that this may change; the others are empty. So are those that come after
  /// `most` of the targets in `counted`.
  [[nodiscard]] std::vector<Values> gradients(const std::vector<Line>& lines, std::size_t changed, Expr formula,
                                              const std::vector<bool>& counted = {},
                                              std::size_t most = std::numeric_limits<std::size_t>::max());
  /// Of `edited`, which differs from `lines` in right sides only: of the targets that this may change; the others are
  /// empty.
  [[nodiscard]] std::vector<Values> edited_gradients(const std::vector<Line>& lines, const std::vector<Line>& edited);
  /// The entries of this target that gradients() gives.
  [[nodiscard]] Values selected(std::size_t target, const Tensor& tensor) const;
  /// Evaluates the lines in order. The lines that use one take the value that follow() returns for it.
  void walk(const std::vector<Line>& lines, const std::function<Tensor(std::size_t line, const Tensor& value)>& follow);

 private:
  [[nodiscard]] std::vector<Values> run(const std::vector<Line>& lines, const std::vector<bool>& wanted,
                                        std::size_t changed, Expr formula);
  [[nodiscard]] const std::vector<Expr>& symbols_of(Expr root);
  [[nodiscard]] bool is_pinned(std::size_t line) const { return line < pins_.size() && pins_[line].defined(); }

  formulas::Formulas* pass_;
  formulas::Evaluation::Symbols base_;  // values of leaves, forward quantities and lines
  std::vector<std::vector<std::size_t>> entries_;
  std::vector<Tensor> pins_;
  std::unordered_map<Expr, std::vector<Expr>> symbols_;
  std::vector<Expr> prepared_;  // the right sides of the lines whose values these are
};

}  // namespace xgrad::check::diagnosis
