#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include "xgrad/export.hpp"
#include "xgrad/reduce.hpp"
#include "xgrad/tensor.hpp"

/// Shape and order; any dtype. Axes may be negative. Out of range, or shapes that don't fit: ShapeError.
namespace xgrad {

/// The last two axes exchanged; a vector or scalar is returned as it is.
[[nodiscard]] XGRAD_API Tensor transpose(const Tensor& x);
/// Result axis i is x's axis axes[i]; every axis once.
[[nodiscard]] XGRAD_API Tensor permute(const Tensor& x, const std::vector<std::int64_t>& axes);
/// The same elements in the same order; one length may be −1 and is then worked out. No copy.
[[nodiscard]] XGRAD_API Tensor reshape(const Tensor& x, const std::vector<std::int64_t>& lengths);
[[nodiscard]] inline Tensor reshape(const Tensor& x, std::initializer_list<std::int64_t> lengths) {
  return reshape(x, std::vector<std::int64_t>{lengths});
}
[[nodiscard]] XGRAD_API Tensor reshape(const Tensor& x, const Shape& shape);
[[nodiscard]] XGRAD_API Tensor broadcast_to(const Tensor& x, const Shape& shape);
/// Drops axes of length 1: those named, or all.
[[nodiscard]] XGRAD_API Tensor squeeze(const Tensor& x, const Axes& axes = {});
/// Inserts an axis of length 1; `axis` is its index in the result.
[[nodiscard]] XGRAD_API Tensor expand_dims(const Tensor& x, std::int64_t axis);

[[nodiscard]] XGRAD_API Tensor concatenate(const std::vector<Tensor>& xs, std::int64_t axis = 0);
/// Along a new axis.
[[nodiscard]] XGRAD_API Tensor stack(const std::vector<Tensor>& xs, std::int64_t axis = 0);
/// Into `parts` equal parts; ShapeError if the axis isn't divisible.
[[nodiscard]] XGRAD_API std::vector<Tensor> split(const Tensor& x, std::int64_t parts, std::int64_t axis = 0);
/// Into parts of these lengths, which must add up to the axis' length.
[[nodiscard]] XGRAD_API std::vector<Tensor> split(const Tensor& x, const std::vector<std::int64_t>& lengths,
                                                  std::int64_t axis);
/// The order reversed along the axes given, or all.
[[nodiscard]] XGRAD_API Tensor flip(const Tensor& x, const Axes& axes = {});
/// `widths[i]` = (before, after) elements of `value` put around axis i; one pair per axis, none negative (ValueError).
[[nodiscard]] XGRAD_API Tensor pad(const Tensor& x, const std::vector<std::pair<std::int64_t, std::int64_t>>& widths,
                                   double value = 0);

}  // namespace xgrad
