#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "ops/pooling/window_rule.hpp"

/// Kernels: the largest element of each window, on planes of up to three axes that lie one after another. T is float,
/// double or std::int64_t.
namespace xgrad::ops {

/// Windows along one axis. Those from `first` up to `last` have `full` elements each, and begin `stride` apart.
struct AxisWindows {
  Spans spans;
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::int64_t full = 0;
  std::int64_t stride = 1;
};

/// The windows of a plane; axes that it doesn't have come first, with one window of one element.
class PlaneWindows {
 public:
  explicit PlaneWindows(std::vector<Spans> spans);

  [[nodiscard]] const AxisWindows& axis(std::size_t i) const noexcept { return axes_[i]; }
  [[nodiscard]] std::int64_t input_size() const noexcept;
  [[nodiscard]] std::int64_t output_size() const noexcept;
  /// About how many comparisons a plane takes.
  [[nodiscard]] std::int64_t cost() const noexcept;

 private:
  std::array<AxisWindows, max_spatial> axes_;
};

/// y ← the largest element of each window of each plane; the first NaN, if there is any.
template <class T>
void largest(const T* x, std::int64_t planes, const PlaneWindows& windows, T* y);

/// y ← where it is in its plane: the first one if several are equal. If `marked`, −1 − that for a NaN.
template <class T>
void largest_at(const T* x, std::int64_t planes, const PlaneWindows& windows, bool marked, std::int64_t* y);

}  // namespace xgrad::ops
