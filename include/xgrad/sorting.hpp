#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>

#include "xgrad/export.hpp"
#include "xgrad/reduce.hpp"
#include "xgrad/tensor.hpp"

/// Order along axes. Indices are int64 and have no gradient; that of the elements goes to the indices they came from.
namespace xgrad {

/// Elements, and where along the axis they were.
struct Selected {
  Tensor values;
  Tensor indices;  ///< int64, of the values' shape; no gradient
};

// float32, float64, int64. Equal elements keep their order, also when descending.
/// The elements in order; a NaN comes last, in either order.
[[nodiscard]] XGRAD_API Tensor sort(const Tensor& x, std::int64_t axis = -1, bool descending = false);
/// The indices that gather() takes to sort x.
[[nodiscard]] XGRAD_API Tensor argsort(const Tensor& x, std::int64_t axis = -1, bool descending = false);
/// The k largest or smallest elements, best first; of equal ones those with the smaller index. As in argmax and argmin
/// a NaN counts as largest and as smallest, so none is passed over. ShapeError unless 0 ≤ k ≤ the axis' length.
[[nodiscard]] XGRAD_API Selected topk(const Tensor& x, std::int64_t k, std::int64_t axis = -1, bool largest = true);

// float32, float64. NaN if any element is, with a NaN gradient for the first of them. Of no elements: ShapeError.
/// Between the sorted elements at ⌊h⌋ and ⌈h⌉, h = q (n − 1), linearly: NumPy's default. ValueError unless 0 ≤ q ≤ 1.
[[nodiscard]] XGRAD_API Tensor quantile(const Tensor& x, double q, const Axes& axes = {}, bool keep_dims = false);
/// Several of them, in any order, along a new first axis; of no q an empty one. What orders x is done once.
[[nodiscard]] XGRAD_API Tensor quantile(const Tensor& x, std::span<const double> q, const Axes& axes = {},
                                        bool keep_dims = false);
[[nodiscard]] XGRAD_API Tensor quantile(const Tensor& x, std::initializer_list<double> q, const Axes& axes = {},
                                        bool keep_dims = false);
/// quantile(x, ½): of an even number of elements the mean of the two in the middle, as NumPy's, not PyTorch's lower
/// one.
[[nodiscard]] XGRAD_API Tensor median(const Tensor& x, const Axes& axes = {}, bool keep_dims = false);

}  // namespace xgrad
