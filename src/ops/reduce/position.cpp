#include "ops/reduce/position.hpp"

#include <fmt/format.h>

#include "xgrad/error.hpp"

#include "graph/node.hpp"

namespace xgrad::ops {

Signature Position::infer(std::span<const Tensor> inputs) const {
  if (inputs[0].shape()[axis()] == 0) {
    throw ShapeError(fmt::format("[{}] of no elements, along axis {} of {}", name(), axis(), graph::label(inputs[0])));
  }
  return {Reduction::infer(inputs).shape, int64};
}

}  // namespace xgrad::ops
