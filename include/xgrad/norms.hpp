#pragma once

#include <cstdint>

#include "xgrad/export.hpp"
#include "xgrad/reduce.hpp"
#include "xgrad/tensor.hpp"

/// Norms of other orders than norm() in reduce.hpp has, and the standard deviation; float32, float64. NaN if any
/// element is. Where a result is 0, so is its gradient.
namespace xgrad {

/// (Σ |x|^p)^(1/p) over the axes, as of one vector, for p ≥ 1; max |x| for p = ∞ and min |x| for p = −∞, whose ties
/// share the gradient equally. No power over- or underflows where the result doesn't. Of no elements 0, or ShapeError
/// for ±∞. ValueError for any other p: no norm. The number of elements that aren't 0 is sum(cast(not_equal(x, 0), …)).
[[nodiscard]] XGRAD_API Tensor p_norm(const Tensor& x, double p, const Axes& axes = {}, bool keep_dims = false);

enum class MatrixNorm : std::uint8_t {
  frobenius,  ///< √Σ x²
  one,        ///< the largest Σ |x| of a column, induced by p = 1
  infinity,   ///< the largest Σ |x| of a row, induced by p = ∞
  two,        ///< the largest singular value, induced by p = 2: the spectral norm
  nuclear,    ///< the sum of the singular values
};
/// Of the last two axes, for each matrix of a batch. ShapeError for fewer axes, or where there is no column (one), no
/// row (infinity) or no singular value (two) to be the largest; what ties for the largest shares the gradient equally.
/// `two` and `nuclear` are of svdvals(): a matrix with an infinity has NaN, and where singular values are equal, higher
/// derivatives are infinite or NaN. A singular value that is 0 has gradient 0.
[[nodiscard]] XGRAD_API Tensor matrix_norm(const Tensor& x, MatrixNorm kind = MatrixNorm::frobenius,
                                           bool keep_dims = false);

/// √var(x), with the gradient 0 where all elements are equal. NaN of no elements, or of no more than ddof equal ones.
[[nodiscard]] XGRAD_API Tensor stddev(const Tensor& x, const Axes& axes = {}, bool keep_dims = false,
                                      std::int64_t ddof = 0);

}  // namespace xgrad
