#pragma once

#include <span>
#include <string>
#include <vector>

#include "xgrad/derive.hpp"
#include "xgrad/diagnose.hpp"
#include "xgrad/tensor.hpp"

namespace xgrad::check {

/// A tensor that a loss may be computed from, and its gradient by hand, undefined if there is none.
struct Given {
  std::string name;
  Tensor x;
  Tensor manual;
};

/// What the derived backward pass says about manual gradients.
struct Explanation {
  std::vector<Diagnosis> diagnoses;  ///< one each
  /// The first formula, in the order of the backward pass, that the manual gradients leave though what it uses is as it
  /// should be: "δ¹ = (δ² W²) ⊙ σ′(z¹)". Empty if all follow.
  std::string first_divergence;
};

/// `names` are for tensors without names of their own, `terms` what may have been added by mistake.
[[nodiscard]] Explanation explain(const Tensor& loss, std::span<const Given> given,
                                  const std::vector<NamedTensor>& names, const std::vector<NamedTensor>& terms);

}  // namespace xgrad::check
