#pragma once

#include "xgrad/dtype.hpp"
#include "xgrad/shape.hpp"
#include "xgrad/tensor.hpp"

#include "check/layers/array.hpp"

/// Masks as what is added to scores: −∞ where a query doesn't see a key.
namespace xgrad::check::manual {

/// Of scores of a shape (…, T_q, T_k), whose leading axes are one in the result. The mask may be undefined; a bool one
/// is true where a key is seen. Throws ShapeError unless it broadcasts to the scores, DTypeError unless it is bool or
/// of their dtype.
[[nodiscard]] Array<3> added_by_mask(const char* function, const Tensor& mask, const Shape& scores, DType dtype);
/// Hides from query i the keys j > i + (T_k − T_q).
void hide_later_keys(Array<3>& added);

}  // namespace xgrad::check::manual
