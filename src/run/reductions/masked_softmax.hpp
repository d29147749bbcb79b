#pragma once

#include "xgrad/shape.hpp"

namespace xgrad::run {

/// Softmax over the last axis of x (shape, of rank 1 or more) where the mask holds, else 0; 0 in a row where it holds
/// nowhere. The mask broadcasts to x's shape. `out` may be x. The same bits for any number of threads.
template <class T>
void masked_softmax(const T* x, const Shape& shape, const bool* mask, const Shape& mask_shape, T* out);

}  // namespace xgrad::run
