#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "xgrad/tensor.hpp"

namespace xgrad::ops {

/// The two halves of x along an axis. Throws as `operation`: ValueError for an undefined tensor, DTypeError unless it
/// is floating, ShapeError for an axis that isn't there or has an odd number of elements.
[[nodiscard]] std::pair<Tensor, Tensor> halves(std::string_view operation, const Tensor& x, std::int64_t axis);

}  // namespace xgrad::ops
