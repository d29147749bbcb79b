#pragma once

#include <span>

#include "xgrad/tensor.hpp"

#include "check/verdict/agreement.hpp"
#include "check/verdict/automatic.hpp"
#include "check/verdict/given.hpp"

namespace xgrad::check {

/// Where a manual gradient isn't what the automatic one is, and float32 has a part in it: works out what rounding may
/// do to gradients of this loss, for all that are given. Else, and where operations refuse float64, nothing.
void weigh_rounding(const Tensor& loss, std::span<const Given> given, Automatic& automatic);

/// What rounding may do to the value of a loss with float32 in it; 0 for others, and where operations refuse float64.
[[nodiscard]] double rounding_of_value(const Tensor& loss);

/// The i-th manual gradient against the automatic one, with what is known of rounding.
[[nodiscard]] Agreement compare_given(const Given& given, const Automatic& automatic, std::size_t i);

}  // namespace xgrad::check
