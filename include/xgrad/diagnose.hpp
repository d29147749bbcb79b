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

/// What was found out about one manual gradient: of a parameter, or of another tensor with a name.
struct Diagnosis {
  std::string parameter;  ///< whose gradient it is
  std::string formula;    ///< the derived one: "∂Loss/∂W¹ = δ¹ xᵀ"
  /// Of manual against derived, as compare() has it; inconclusive without a manual gradient.
  Verdict verdict = Verdict::inconclusive;
  /// The mistakes that together give the manual gradient to rounding: "the factor σ′(z¹) left out in δ¹". Empty if it
  /// is right, or if no edit of the formulas explains it.
  std::vector<std::string> mistakes;
  std::vector<std::string> formulas;  ///< that they are in, one each, as derived: "δ¹ = (δ² W²) ⊙ σ′(z¹)"
  /// The tensors whose manual gradients its formula uses and are wrong, where with them the formula gives this one: it
  /// has no mistake of its own, and `mistakes` is empty.
  std::vector<std::string> follows_from;
  /// Other single explanations that give the same numbers for these data, though not for all: then nothing is certain.
  std::vector<std::string> alternatives;
  /// How manual and derived gradient differ, where no edit explains it.
  std::string difference;
  bool search_cut_short = false;  ///< there was too much to be tried
  /// False if nothing was tried: in a deep network the search ends with the first gradients that are wrong, nearest to
  /// the loss, and so do `mistakes`, which may then be some of several.
  bool searched = true;

  /// In one sentence.
  [[nodiscard]] XGRAD_API std::string text() const;
};

struct DiagnoseOptions {
  /// Names for tensors that have none of their own, as for derive().
  std::vector<NamedTensor> names = {};
  /// Gradients by hand of other tensors, under the tensors' names: {"h", dh} is ∂Loss/∂h. See
  /// CompareOptions::manual_of.
  std::vector<NamedTensor> manual_of = {};
  /// What may have been added to a gradient by mistake, with some factor: an optimiser's velocity, for example.
  std::vector<NamedTensor> terms = {};
};

/// Searches the derived backward pass for the edits that reproduce manual gradients: a factor or a summand left out,
/// something transposed or put in the place of something else, a derivative of the wrong function or at the wrong
/// place, a sum over the wrong axis or of one sample only, updated weights, a number as a factor, a term of the
/// optimiser's added, a path left out. A mistake that explains several parameters is named for all of them; then what
/// is left is searched for on top of it; two mistakes in one gradient are searched for last.
///
/// `manual` has one gradient per parameter, in order; undefined ones are left out. The diagnoses are in the same order,
/// then those of options.manual_of. Throws ShapeError or DTypeError for gradients that don't fit, ValueError for names
/// that the loss doesn't know, and as gradients() does.
[[nodiscard]] XGRAD_API std::vector<Diagnosis> diagnose(const LossFunction& loss,
                                                        const std::vector<NamedParameter>& parameters,
                                                        const std::vector<Tensor>& manual,
                                                        const DiagnoseOptions& options = {});

}  // namespace xgrad::check
