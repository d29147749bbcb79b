#pragma once

#include <span>
#include <string>
#include <vector>

#include "xgrad/check.hpp"
#include "xgrad/derive.hpp"
#include "xgrad/export.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/tensor.hpp"

/// What is wrong with a hand-derived gradient, in the terms of the derived formulas.
namespace xgrad::check {

/// What was found out about the manual gradient of one parameter.
struct Diagnosis {
  std::string parameter;
  std::string formula;                      ///< the derived one: "∂Loss/∂W¹ = δ¹ xᵀ"
  Verdict verdict = Verdict::inconclusive;  ///< right or wrong by comparison; inconclusive without a manual gradient
  /// The mistakes that together give the manual gradient to rounding: "the factor σ′(z¹) left out in δ¹". Empty if it
  /// is right, or if no edit of the formulas explains it.
  std::vector<std::string> mistakes;
  /// Other single explanations that give the same numbers for these data, though not for all: then nothing is certain.
  std::vector<std::string> alternatives;
  /// How manual and derived gradient differ, where no edit explains it.
  std::string difference;

  /// In one sentence.
  [[nodiscard]] XGRAD_API std::string text() const;
};

struct DiagnoseOptions {
  /// Names for tensors that have none of their own, as for derive().
  std::vector<NamedTensor> names = {};
};

/// Searches the derived backward pass for the edits that reproduce manual gradients: a factor or a summand left out,
/// something transposed or put in the place of something else, a derivative of the wrong function or at the wrong
/// place, a sum over the wrong axis or of one sample only, updated weights, a number as a factor, weight decay, a path
/// left out. A mistake that explains several parameters is named for all of them; then what is left is searched for on
/// top of it; two mistakes in one gradient are searched for last.
///
/// `manual` has one gradient per parameter, in order; undefined ones are left out. Throws ShapeError or DTypeError if
/// they don't fit, and as gradients() does.
[[nodiscard]] XGRAD_API std::vector<Diagnosis> diagnose(const LossFunction& loss,
                                                        const std::vector<NamedParameter>& parameters,
                                                        const std::vector<Tensor>& manual,
                                                        const DiagnoseOptions& options = {});

}  // namespace xgrad::check
