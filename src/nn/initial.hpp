#pragma once

#include "xgrad/dtype.hpp"
#include "xgrad/nn/initializers.hpp"
#include "xgrad/random.hpp"
#include "xgrad/shape.hpp"
#include "xgrad/tensor.hpp"

namespace xgrad::nn {

/// The first value of a layer's parameter. Throws ValueError, ShapeError or DTypeError if the initializer is empty or
/// gives something else; DTypeError unless the dtype is floating.
[[nodiscard]] Tensor initial_value(const char* layer, const char* what, const Initializer& initializer,
                                   const Shape& shape, DType dtype, Random& random);

}  // namespace xgrad::nn
