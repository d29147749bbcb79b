#pragma once

#include <span>
#include <string>
#include <vector>

#include "xgrad/derive.hpp"
#include "xgrad/diagnose.hpp"
#include "xgrad/tensor.hpp"

#include "check/verdict/automatic.hpp"
#include "check/verdict/compared_tensor.hpp"

namespace xgrad::check {

/// Manual gradients explained by the derived backward pass.
struct Explanation {
  std::vector<Diagnosis> diagnoses;  ///< one each
  /// The first formula, in the order of the backward pass, whose inputs are right and whose manual result isn't:
  /// "δ¹ = (δ² W²) ⊙ σ′(z¹)". Empty if all follow.
  std::string first_divergence;
};

/// The parameters' values, and the manual gradients there, at a second point.
struct SecondPoint {
  std::vector<Tensor> values;
  std::vector<Tensor> manual;
};

struct ExplainOptions {
  std::vector<NamedTensor> names = {};  ///< for tensors without names of their own
  std::vector<NamedTensor> terms = {};  ///< what may have been added by mistake
  const SecondPoint* second = nullptr;  ///< of the first of those given: explanations must hold there too
};

/// `automatic` has the gradients of those given, and perhaps of others after them.
[[nodiscard]] Explanation explain(const Tensor& loss, std::span<const ComparedTensor> given, const Automatic& automatic,
                                  const ExplainOptions& options = {});

}  // namespace xgrad::check
