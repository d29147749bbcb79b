#pragma once

#include <fmt/format.h>
#include <string_view>

#include "xgrad/error.hpp"

#include "graph/node.hpp"

namespace xgrad::graph {

/// Throws unless a cell of this shape and dtype can be set to the value. `subject()` names the cell. Takes no memory
/// where nothing is wrong.
template <class Subject>
void require_like(std::string_view kind, const Shape& shape, DType dtype, const Tensor& value, const Subject& subject) {
  if (!value.defined()) {
    throw ValueError(fmt::format("[{}] {} can't be set to an undefined Tensor", kind, subject()));
  }
  if (value.shape() != shape) {
    throw ShapeError(fmt::format("[{}] {} can't be set to {}", kind, subject(), graph::label(value)));
  }
  if (value.dtype() != dtype) {
    throw DTypeError(
        fmt::format("[{}] {} is {}, can't be set to {}", kind, subject(), to_string(dtype), to_string(value.dtype())));
  }
}

}  // namespace xgrad::graph
