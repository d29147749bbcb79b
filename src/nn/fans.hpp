#pragma once

#include <cstddef>
#include <cstdint>

#include "xgrad/shape.hpp"

namespace xgrad::nn {

/// How many inputs an element of a layer's result is a sum over, and how many results an element of its input is in.
struct Fans {
  double in = 1;
  double out = 1;
};

/// Of a weight (out, in / groups, *kernel) of rank 2 or more: in / groups · Πk and out / groups · Πk. A stride, which
/// makes the second smaller, isn't in the shape.
[[nodiscard]] inline Fans fans_of(const Shape& weight, std::int64_t groups = 1) noexcept {
  double taps = 1;
  for (std::size_t axis = 2; axis < weight.rank(); ++axis) {
    taps *= static_cast<double>(weight[axis]);
  }
  return {static_cast<double>(weight[1]) * taps, static_cast<double>(weight[0]) / static_cast<double>(groups) * taps};
}

}  // namespace xgrad::nn
