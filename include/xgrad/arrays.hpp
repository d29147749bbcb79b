#pragma once

#include <cstdint>
#include <vector>

#include "xgrad/export.hpp"
#include "xgrad/reduce.hpp"
#include "xgrad/tensor.hpp"

/// Arrays repeated, shifted, masked, written into. Any dtype, unless said otherwise. Axes may be negative; out of
/// range, or shapes that don't fit: ShapeError.
namespace xgrad {

/// x as a tile, repeats[i] times along axis i. Of fewer repeats than axes the first are 1, for more of them x gets
/// leading axes of length 1: NumPy's rule. None negative (ValueError).
[[nodiscard]] XGRAD_API Tensor tile(const Tensor& x, const std::vector<std::int64_t>& repeats);
/// Every element `count` times along an axis, one beside the other (PyTorch's repeat_interleave). ValueError for a
/// negative count.
[[nodiscard]] XGRAD_API Tensor repeat(const Tensor& x, std::int64_t count, std::int64_t axis);
/// Moved on by `shift` along an axis; what goes over the end comes in at the front. A negative shift moves back.
[[nodiscard]] XGRAD_API Tensor roll(const Tensor& x, std::int64_t shift, std::int64_t axis = -1);
/// Two axes exchanged.
[[nodiscard]] XGRAD_API Tensor swap_axes(const Tensor& x, std::int64_t first, std::int64_t second);
/// Axis `from` becomes axis `to` of the result; the others keep their order.
[[nodiscard]] XGRAD_API Tensor move_axis(const Tensor& x, std::int64_t from, std::int64_t to);
/// x's slices along an axis, without it: the reverse of stack().
[[nodiscard]] XGRAD_API std::vector<Tensor> unstack(const Tensor& x, std::int64_t axis = 0);
/// `parts` parts, of which the first n mod parts are longer by one: NumPy's array_split. PyTorch's chunk may give
/// fewer. ValueError for less than one part.
[[nodiscard]] XGRAD_API std::vector<Tensor> chunk(const Tensor& x, std::int64_t parts, std::int64_t axis = 0);

/// Whose axis comes first in a grid: rows are the first vector's (ij), or the second one's (xy).
enum class GridOrder : std::uint8_t { ij, xy };
/// The coordinates of all points whose i-th coordinate is in vector i, one tensor per coordinate.
[[nodiscard]] XGRAD_API std::vector<Tensor> meshgrid(const std::vector<Tensor>& vectors,
                                                     GridOrder order = GridOrder::ij);

/// The lower or upper triangle of the last two axes, 0 elsewhere, for each matrix of a batch. The diagonal belongs to
/// it; `diagonal` of them further up (positive) or down is the one meant.
[[nodiscard]] XGRAD_API Tensor tril(const Tensor& x, std::int64_t diagonal = 0);
[[nodiscard]] XGRAD_API Tensor triu(const Tensor& x, std::int64_t diagonal = 0);

/// `value` where the mask (bool) holds, else x; the mask broadcasts to x's shape. The gradient is exactly 0 where it
/// holds. DTypeError if x's dtype can't hold the value.
[[nodiscard]] XGRAD_API Tensor masked_fill(const Tensor& x, const Tensor& mask, double value);
/// Whether any or every element is true, over axes as in reduce.hpp. Bool in, bool out; of no elements false and true.
[[nodiscard]] XGRAD_API Tensor any_of(const Tensor& x, const Axes& axes = {}, bool keep_dims = false);
[[nodiscard]] XGRAD_API Tensor all_of(const Tensor& x, const Axes& axes = {}, bool keep_dims = false);

/// x, but updates[…, j, …] at indices[…, j, …] along the axis; updates and indices (int64) have one shape, which is x's
/// except along the axis. An index that occurs several times keeps its last update, and only that one gets a gradient.
/// Negative indices count from the back; out of range: ValueError at evaluation. scatter_add adds instead.
[[nodiscard]] XGRAD_API Tensor scatter(const Tensor& x, const Tensor& indices, const Tensor& updates,
                                       std::int64_t axis = -1);

/// The line through the points (xp, fp) at x, of any shape; float32, float64. Left of the first point fp's first
/// element, right of the last its last, with gradient 0. At a point the slope is that to the right of it, at the last
/// one to the left. Gradients flow to x, xp and fp. xp and fp are vectors of equal length, two or more; xp that isn't
/// finite or doesn't increase is a ValueError at evaluation.
[[nodiscard]] XGRAD_API Tensor interp(const Tensor& x, const Tensor& xp, const Tensor& fp);

}  // namespace xgrad
