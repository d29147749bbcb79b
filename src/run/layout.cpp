#include "run/layout.hpp"

#include <cstddef>

namespace xgrad::run {

Steps steps_of(const Shape& shape) noexcept {
  Steps steps{};
  std::int64_t step = 1;
  for (std::size_t axis = shape.rank(); axis-- > 0;) {
    steps[axis] = step;
    step *= shape[axis];
  }
  return steps;
}

bool is_dense(const Layout& layout, const Shape& shape) noexcept {
  std::int64_t step = 1;
  for (std::size_t axis = shape.rank(); axis-- > 0;) {
    if (shape[axis] == 0) {
      return true;
    }
    if (shape[axis] != 1 && layout.steps[axis] != step) {
      return false;
    }
    step *= shape[axis];
  }
  return true;
}

// From the last axis on. Axes of `from` that are one axis in memory are merged to a block; an axis of `to` must be part
// of one block.
std::optional<Layout> reshaped(const Layout& layout, const Shape& from, const Shape& to) noexcept {
  Layout result{layout.offset, steps_of(to)};
  if (from.size() == 0) {
    return result;
  }
  std::size_t axis = from.rank();
  std::int64_t left = 1;  // elements of the block that no axis of `to` runs along yet
  std::int64_t step = 0;  // between them
  for (std::size_t j = to.rank(); j-- > 0;) {
    if (to[j] == 1) {
      continue;
    }
    if (left == 1) {
      while (from[axis - 1] == 1) {
        --axis;
      }
      step = layout.steps[--axis];
      left = from[axis];
      while (axis > 0 && (from[axis - 1] == 1 || layout.steps[axis - 1] == step * left)) {
        left *= from[--axis];
      }
    }
    if (left % to[j] != 0) {
      return std::nullopt;
    }
    result.steps[j] = step;
    step *= to[j];
    left /= to[j];
  }
  return result;
}

}  // namespace xgrad::run
