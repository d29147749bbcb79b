#pragma once

#include <cstdint>

#include "xgrad/export.hpp"
#include "xgrad/tensor.hpp"

/// Rows of a large table, by index, at a cost that doesn't depend on how many others there are. A row is all that has
/// one index along axis 0. Indices are int64; negative ones count from the back.
namespace xgrad {

/// Row j is the sum of all rows of x whose index is that of row j: take(take_adjoint(x, indices, length), indices)
/// without the table between them. x (n, …), indices (n); float or int64. ShapeError for other shapes; an index outside
/// [−length, length) is a ValueError at evaluation. Linear in x, and its own adjoint.
[[nodiscard]] XGRAD_API Tensor index_sums(const Tensor& x, const Tensor& indices, std::int64_t length);

/// x, but rows[j] at indices[j]. x (length, …), indices (n), rows (n, …) of x's dtype, any; ShapeError or DTypeError
/// otherwise. An index that occurs several times keeps its last row, and only that one gets a gradient. Out of range:
/// ValueError at evaluation.
[[nodiscard]] XGRAD_API Tensor put_rows(const Tensor& x, const Tensor& indices, const Tensor& rows);

}  // namespace xgrad
