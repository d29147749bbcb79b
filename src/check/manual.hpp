#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "xgrad/derive.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/tensor.hpp"

#include "check/verdict/compared_tensor.hpp"

namespace xgrad::check {

/// Parameters, then the named tensors of `manual_of`, with their manual gradients. `manual` is empty or has one per
/// parameter. Throws ShapeError or DTypeError for those that don't fit, ValueError for names that the loss doesn't know
/// or that stand twice.
[[nodiscard]] std::vector<ComparedTensor> compared_tensors(std::string_view caller, const Tensor& loss,
                                                           const std::vector<NamedParameter>& parameters,
                                                           const std::vector<Tensor>& manual,
                                                           const std::vector<NamedTensor>& manual_of);

/// Throws ValueError for a term that is undefined, has no name, or has the shape and dtype of none of those given.
void require_terms(std::string_view caller, std::span<const ComparedTensor> given,
                   const std::vector<NamedTensor>& terms);

}  // namespace xgrad::check
