#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "xgrad/export.hpp"
#include "xgrad/tensor.hpp"

/// Sums of products over named axes; float32 and float64. Everything is permutations, reshapes, products and sums of
/// the public operations, so derivatives of any order are theirs.
namespace xgrad {

/// NumPy's einsum: "ij,jk->ik" names the axes of each operand by letters, and those of the result; a letter that the
/// result lacks is summed over. Without "->" the result has the letters that occur once, A to Z before a to z, after
/// the axes of an ellipsis. A letter twice in one operand is its diagonal: "ii->i". "..." stands for any number of
/// further axes, which broadcast by NumPy's rule, aligned at the last one, and stay in the result. Spaces don't count.
/// A letter has one length everywhere: an axis of length 1 isn't repeated for it, as NumPy does it.
///
/// Several operands are contracted pairwise. Up to eight: in the order with fewest multiplications and elements of the
/// products, of all orders. Of more, first the pairs whose product has fewest elements, less those of the two, until
/// eight are left (the greedy order of opt_einsum, Smith and Gray, 2018).
/// @throws ValueError for subscripts that aren't well-formed or for another number of operands
/// @throws ShapeError for a rank or a length that doesn't fit, naming letter, lengths and operands
[[nodiscard]] XGRAD_API Tensor einsum(std::string_view subscripts, const std::vector<Tensor>& operands);

/// Σ over the last `axes` axes of a and the first `axes` of b, in order. The result has the other axes of a, then
/// those of b; with 0 axes it is the outer product. Throws ShapeError if there aren't as many, or lengths differ.
[[nodiscard]] XGRAD_API Tensor tensordot(const Tensor& a, const Tensor& b, std::int64_t axes = 2);
/// Σ over axes_of_a[i] of a together with axes_of_b[i] of b. Also throws ShapeError if an axis is named twice, or one
/// list is longer.
[[nodiscard]] XGRAD_API Tensor tensordot(const Tensor& a, const Tensor& b, const std::vector<std::int64_t>& axes_of_a,
                                         const std::vector<std::int64_t>& axes_of_b);

}  // namespace xgrad
