#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "xgrad/tensor.hpp"

#include "check/diagnosis/edits.hpp"
#include "derive/formulas.hpp"

namespace xgrad::check::diagnosis {

using Values = std::vector<double>;

/// The gradients that a backward pass gives, by parameter, at one point.
class Probe {
 public:
  /// At the values that the graph was built with, or, with a seed, at random ones in their place.
  explicit Probe(formulas::Formulas& pass, std::uint64_t seed = 0);

  /// From now on gradients() gives these entries only, by parameter; all of one without a list.
  void select(std::vector<std::vector<std::size_t>> entries) { entries_ = std::move(entries); }

  /// Of all parameters. Empty where a parameter has no line.
  [[nodiscard]] std::vector<Values> gradients(const std::vector<Line>& lines);
  /// With one line changed: of the parameters that this may change; the others are empty.
  [[nodiscard]] std::vector<Values> gradients(const std::vector<Line>& lines, std::size_t changed, Expr formula);
  /// The entries of this parameter that gradients() gives.
  [[nodiscard]] Values selected(std::size_t parameter, const Tensor& tensor) const;
  /// Goes through the lines in order; what follow() returns is taken for the line's value by those that use it.
  void walk(const std::vector<Line>& lines, const std::function<Tensor(std::size_t line, const Tensor& value)>& follow);
  /// Of any formula of the forward pass.
  [[nodiscard]] Values value(Expr e);

 private:
  [[nodiscard]] std::vector<Values> run(const std::vector<Line>& lines, const std::vector<bool>& wanted);
  [[nodiscard]] const std::unordered_set<Expr>& symbols_of(Expr root);
  void prepare(const std::vector<Line>& lines);

  formulas::Formulas& pass_;
  std::unordered_map<const graph::Node*, Tensor> given_;  // of leaves and forward quantities
  std::vector<std::vector<std::size_t>> entries_;
  std::unordered_map<Expr, std::unordered_set<Expr>> symbols_;
  std::vector<Expr> prepared_;                    // the right sides whose values these are:
  std::unordered_map<Expr, Tensor> line_values_;  // by the lines' symbols
};

}  // namespace xgrad::check::diagnosis
