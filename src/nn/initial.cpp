#include "nn/initial.hpp"

#include <fmt/format.h>

#include "xgrad/error.hpp"

namespace xgrad::nn {

Tensor initial_value(const char* layer, const char* what, const Initializer& initializer, const Shape& shape,
                     DType dtype, Random& random) {
  if (!is_floating(dtype)) {
    throw DTypeError(fmt::format("[{}] of {}; expected float32 or float64", layer, to_string(dtype)));
  }
  if (!initializer) {
    throw ValueError(fmt::format("[{}] the {} has an empty initializer", layer, what));
  }
  Tensor value = initializer(shape, dtype, random);
  if (!value.defined()) {
    throw ValueError(
        fmt::format("[{}] the initializer of the {} {} gave an undefined Tensor", layer, what, to_string(shape)));
  }
  if (value.shape() != shape) {
    throw ShapeError(fmt::format("[{}] the {} is {}, its initializer gave {}", layer, what, to_string(shape),
                                 to_string(value.shape())));
  }
  if (value.dtype() != dtype) {
    throw DTypeError(fmt::format("[{}] the {} is {}, its initializer gave {}", layer, what, to_string(dtype),
                                 to_string(value.dtype())));
  }
  return value;
}

}  // namespace xgrad::nn
