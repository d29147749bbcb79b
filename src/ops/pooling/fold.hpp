#pragma once

#include <array>
#include <cstdint>

namespace xgrad::ops {

/// Windows over planes of three axes, whose elements are added where they come from.
struct Fold {
  using Axes = std::array<std::int64_t, 3>;
  Axes size{1, 1, 1};  ///< of the result
  Axes windows{1, 1, 1};
  Axes kernel{1, 1, 1};
  Axes stride{1, 1, 1};
  Axes dilation{1, 1, 1};
};

/// y (planes, size) ← 0, then every element of x (planes, windows, kernel) is added to the one of y that it is a
/// window's view of. Sums of float32 are taken in float64. T is float, double or std::int64_t.
template <class T>
void fold(const T* x, std::int64_t planes, const Fold& axes, T* y);

}  // namespace xgrad::ops
