#pragma once

#include <cstdint>
#include <unordered_map>
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

  /// Of all parameters. Empty where a parameter has no line.
  [[nodiscard]] std::vector<Values> gradients(const std::vector<Line>& lines);
  /// With one line changed: of the parameters that this may change; the others are empty.
  [[nodiscard]] std::vector<Values> gradients(const std::vector<Line>& lines, std::size_t changed, Expr formula);
  /// Of any formula of the forward pass.
  [[nodiscard]] Values value(Expr e);

 private:
  [[nodiscard]] std::vector<Values> run(const std::vector<Line>& lines, const std::vector<bool>& wanted);

  formulas::Formulas& pass_;
  std::unordered_map<const graph::Node*, Tensor> given_;  // of leaves and forward quantities
};

}  // namespace xgrad::check::diagnosis
