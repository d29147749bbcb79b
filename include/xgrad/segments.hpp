#pragma once

#include <cstdint>

#include "xgrad/export.hpp"
#include "xgrad/tensor.hpp"

/// Rows that belong together: x (n, …) and `segments`, int64 (n), say for each row of x which of `count` segments it is
/// in. Rows of a segment needn't be neighbours, and there may be none. In a graph, rows are edges, and an edge's
/// segment is the node that it goes to: take() brings numbers from nodes to edges, these bring them back.
///
/// Negative segments count from the back, one out of range is a ValueError at evaluation. Throws ShapeError for a
/// scalar, for segments of another shape and a negative count; DTypeError.
namespace xgrad {

/// (count, …): the sum of each segment, 0 of no rows. float32, float64, int64. It is take_adjoint() along axis 0.
[[nodiscard]] XGRAD_API Tensor segment_sum(const Tensor& x, const Tensor& segments, std::int64_t count);
/// (count, …): the mean of each segment, 0 of no rows. float32, float64.
[[nodiscard]] XGRAD_API Tensor segment_mean(const Tensor& x, const Tensor& segments, std::int64_t count);
/// (count, …): the largest element of each segment, whose ties share the gradient equally; 0 of no rows, so that a node
/// without edges makes nothing infinite. NaN if any is. float32, float64, int64.
[[nodiscard]] XGRAD_API Tensor segment_max(const Tensor& x, const Tensor& segments, std::int64_t count);
/// (n, …), as x: e^x over the sum of e^x in the same segment, without overflow; infinities and NaN as in softmax().
/// float32, float64.
[[nodiscard]] XGRAD_API Tensor segment_softmax(const Tensor& x, const Tensor& segments, std::int64_t count);

}  // namespace xgrad
