#pragma once

#include <cstdint>
#include <string_view>

#include "xgrad/tensor.hpp"

#include "run/reductions/order.hpp"

namespace xgrad::ops {

/// The indices along an axis of the elements at these ranks, in [0, the axis' length): int64, without gradient. x is
/// float32, float64 or int64; errors name the operation, a literal.
[[nodiscard]] Tensor indices_at_ranks(std::string_view operation, const Tensor& x, std::size_t axis,
                                      const run::Ranks& ranks);

}  // namespace xgrad::ops
