#pragma once

#include <cmath>
#include <fmt/format.h>
#include <string_view>

#include "xgrad/dtype.hpp"
#include "xgrad/error.hpp"

namespace xgrad::ops {

/// Whether a number is an element of the dtype: any number as a floating one (rounded), a whole one in range as int64,
/// 0 or 1 as bool.
[[nodiscard]] inline bool representable(double value, DType dtype) noexcept {
  switch (dtype) {
    case DType::float32:
    case DType::float64:
      return true;
    case DType::int64:
      return std::trunc(value) == value && value >= -0x1p63 && value < 0x1p63;
    case DType::boolean:
      return value == 0 || value == 1;
  }
  return false;
}

inline void require_representable(std::string_view operation, double value, DType dtype) {
  if (!representable(value, dtype)) {
    throw ValueError(fmt::format("[{}] the number {} can't be an element of {}", operation, value, to_string(dtype)));
  }
}

/// A number as an element. Throws ValueError if it isn't representable.
template <Element T>
[[nodiscard]] T element(std::string_view operation, double value) {
  require_representable(operation, value, dtype_of<T>);
  return static_cast<T>(value);
}

}  // namespace xgrad::ops
