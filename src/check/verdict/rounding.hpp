#pragma once

#include <span>

#include "xgrad/tensor.hpp"

#include "check/verdict/agreement.hpp"
#include "check/verdict/automatic.hpp"
#include "check/verdict/compared_tensor.hpp"

namespace xgrad::check {

/// Where a manual gradient isn't what the automatic one is, and float32 has a part in the loss: works out what rounding
/// may do to gradients, for all that are given. Where that can't be, since operations refuse float64 or compute
/// something else in it, Rounding::unknown says why.
void weigh_rounding(const Tensor& loss, std::span<const ComparedTensor> given, Automatic& automatic);

/// The effect of rounding on the value of a loss.
struct ValueRounding {
  double error = 0;     ///< 0 too where it can't be worked out
  std::string unknown;  ///< as Rounding::unknown; empty if there is no float32 in it
};
[[nodiscard]] ValueRounding rounding_of_value(const Tensor& loss);

/// The i-th manual gradient against the automatic one, with its rounding if that is known.
[[nodiscard]] Agreement compare_manual(const ComparedTensor& given, const Automatic& automatic, std::size_t i);

}  // namespace xgrad::check
