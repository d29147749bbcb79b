#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "xgrad/shape.hpp"

#include "run/reductions/axis_view.hpp"

namespace xgrad::run {

/// A reduction over some axes of a contiguous array as loops: axes merged where they may be, outermost first, each with
/// its length, and whether it is reduced. No two neighbours are alike.
struct ReductionAxis {
  std::int64_t length;
  bool reduced;
};
[[nodiscard]] std::vector<ReductionAxis> merge_axes(const Shape& shape, std::span<const std::size_t> reduced);

// out ← the fold of x over the axes; `out` has the kept axes in order. T is float, double or std::int64_t.

/// Σ x. Floating sums are added up in double, along any axes, so that the rounding error doesn't grow with their
/// number. Of nothing: 0.
template <class T>
void reduce_sum(const T* x, const Shape& shape, std::span<const std::size_t> axes, T* out);
/// Σ x / count, which is divided in double. T is floating.
template <class T>
void reduce_mean(const T* x, const Shape& shape, std::span<const std::size_t> axes, double count, T* out);
/// √Σ x², right wherever it is a normal number, whether or not the squares are. T is floating. Of nothing: 0.
template <class T>
void reduce_norm(const T* x, const Shape& shape, std::span<const std::size_t> axes, T* out);
/// Π x, multiplied up in double if it is floating. Of nothing: 1.
template <class T>
void reduce_prod(const T* x, const Shape& shape, std::span<const std::size_t> axes, T* out);
/// The largest or smallest, NaN if any is NaN. Of nothing: −∞ or ∞, or int64's bounds.
template <class T>
void reduce_max(const T* x, const Shape& shape, std::span<const std::size_t> axes, T* out);
template <class T>
void reduce_min(const T* x, const Shape& shape, std::span<const std::size_t> axes, T* out);

/// out ← the index of the first largest or smallest along the view's axis, which isn't empty; NaN counts as both. `out`
/// is (outer, inner).
template <class T>
void find_max(const T* x, const AxisView& view, std::int64_t* out);
template <class T>
void find_min(const T* x, const AxisView& view, std::int64_t* out);

}  // namespace xgrad::run
