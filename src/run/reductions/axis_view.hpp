#pragma once

#include <cstddef>
#include <cstdint>

#include "xgrad/shape.hpp"

namespace xgrad::run {

/// A contiguous array seen along a range of neighbouring axes: (outer, length, inner), row-major.
struct AxisView {
  std::int64_t outer = 1;
  std::int64_t length = 1;
  std::int64_t inner = 1;
};

/// Along axes [first, last).
[[nodiscard]] inline AxisView view_along(const Shape& shape, std::size_t first, std::size_t last) noexcept {
  AxisView view;
  for (std::size_t i = 0; i < shape.rank(); ++i) {
    std::int64_t& innermost = i < last ? view.length : view.inner;
    (i < first ? view.outer : innermost) *= shape[i];
  }
  return view;
}

[[nodiscard]] inline AxisView view_along(const Shape& shape, std::size_t axis) noexcept {
  return view_along(shape, axis, axis + 1);
}

}  // namespace xgrad::run
