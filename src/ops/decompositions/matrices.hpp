#pragma once

#include <cstdint>
#include <string_view>

#include "xgrad/operation.hpp"

/// What operations on batches of matrices share. Errors name the operation and the tensors.
namespace xgrad::ops {

/// x itself, a floating tensor of at least two axes; square: of equal lengths. Throws ValueError, DTypeError,
/// ShapeError.
[[nodiscard]] const Tensor& require_matrix(std::string_view operation, const Tensor& x);
[[nodiscard]] const Tensor& require_square(std::string_view operation, const Tensor& x);

/// The axes before the last two.
[[nodiscard]] Shape batch_of_matrices(const Shape& shape);
[[nodiscard]] Shape with_matrix(const Shape& batch, std::int64_t rows, std::int64_t columns);

/// The shape of x in A x = b, A having `rows` and `columns`; b's are as many as A's rows. `vector`: b has no axis of
/// columns.
[[nodiscard]] Shape solution_shape(std::string_view operation, const Tensor& a, const Tensor& b, bool vector);

/// A x, or Aᵀ x.
[[nodiscard]] Tensor times(const Tensor& a, bool transposed, const Tensor& x, bool vector);
/// x yᵀ.
[[nodiscard]] Tensor times_transposed(const Tensor& x, const Tensor& y, bool vector);

/// One number per matrix, with two axes of length 1 behind.
[[nodiscard]] Tensor per_matrix(const Tensor& x);

[[nodiscard]] Tensor triangle(const Tensor& x, bool lower, double diagonal);

/// x I of rows and columns for every number of x.
[[nodiscard]] Tensor unit_matrices(const Tensor& x, std::int64_t rows, std::int64_t columns);
/// I.
[[nodiscard]] Tensor unit_matrix(std::int64_t n, DType dtype);

/// X T⁻¹ or X T⁻ᵀ for a triangle.
[[nodiscard]] Tensor divided_by_triangle(const Tensor& x, const Tensor& t, bool lower, bool transposed);

}  // namespace xgrad::ops
