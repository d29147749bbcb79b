#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "xgrad/dtype.hpp"

#include "run/reductions/axis_view.hpp"

/// Rows taken together by segment. Segments in [−count, 0) count from the back; one out of range is a ValueError that
/// names the operation, and leaves the output alone.
namespace xgrad::run {

/// Of x (rows, width), row by row, which of `count` segments it is in.
struct Segments {
  std::string_view operation;
  const std::int64_t* of_row;
  std::int64_t rows;
  std::int64_t width;
  std::int64_t count;
};

/// out (count, width) ← the largest of each segment, 0 of no rows, NaN if any is. `workspace` has
/// segment_max_bytes(), of the view of out along its axis 0. T is float, double or std::int64_t.
template <class T>
void segment_max(const Segments& segments, const T* x, T* out, std::byte* workspace);
[[nodiscard]] std::size_t segment_max_bytes(const AxisView& out) noexcept;

/// out (rows, width) ← e^(x − m) / Σ e^(x − m) over its segment, whose largest element is m; infinities as in
/// softmax.hpp. `workspace` has segment_softmax_bytes(), of the view of (count, width) along axis 0, and is aligned to
/// 64. T is float or double.
template <class T>
void segment_softmax(const Segments& segments, const T* x, T* out, std::byte* workspace);
[[nodiscard]] std::size_t segment_softmax_bytes(DType dtype, const AxisView& view) noexcept;

}  // namespace xgrad::run
