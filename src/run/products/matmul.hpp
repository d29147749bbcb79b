#pragma once

#include "xgrad/operation.hpp"

namespace xgrad::run {

/// NumPy's matmul for the shape pairs matrix·matrix (batches broadcast), matrix·vector and vector·vector; a flag
/// transposes the last two axes of a matrix operand. Shapes have been checked. T is float or double.
template <class T>
void matmul(const ConstArray& a, bool transpose_a, const ConstArray& b, bool transpose_b, const Array& output);

/// out_ij ← u_i v_j.
template <class T>
void outer(const T* u, const T* v, const Shape& shape, T* out);

}  // namespace xgrad::run
