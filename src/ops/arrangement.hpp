#pragma once

#include "xgrad/operation.hpp"

namespace xgrad::ops {

/// Every element where it is: what to start from.
[[nodiscard]] inline Arrangement identity(std::size_t rank) {
  Arrangement result{.starts = std::vector<std::int64_t>(rank, 0), .axes = std::vector<Arrangement::Axis>(rank)};
  for (std::size_t axis = 0; axis < rank; ++axis) {
    result.axes[axis].input = axis;
  }
  return result;
}

}  // namespace xgrad::ops
