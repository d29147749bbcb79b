#pragma once

#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/tensor.hpp"

#include "nn/defined.hpp"

namespace xgrad::nn {

/// Throws unless `other` can stand for the weight of the layer: ValueError, ShapeError, DTypeError.
inline void require_weight_like(const char* layer, const Parameter& weight, const Tensor& other) {
  require_defined(layer, "other weight", other);
  if (other.shape() != weight.shape()) {
    throw ShapeError(
        fmt::format("[{}] another weight {}; expected {}", layer, to_string(other.shape()), to_string(weight.shape())));
  }
  if (other.dtype() != weight.dtype()) {
    throw DTypeError(fmt::format("[{}] another weight is {}; expected {}", layer, to_string(other.dtype()),
                                 to_string(weight.dtype())));
  }
}

}  // namespace xgrad::nn
