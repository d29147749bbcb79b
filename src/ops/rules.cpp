#include "ops/rules.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/math.hpp"

#include "graph/node.hpp"

namespace xgrad::ops {

const Tensor& require_defined(std::string_view operation, const Tensor& tensor) {
  if (!tensor.defined()) {
    throw ValueError(fmt::format("[{}] of an undefined Tensor", operation));
  }
  return tensor;  // NOLINT(bugprone-return-const-ref-from-parameter): used before the call is over
}

DType require_same(std::string_view operation, std::span<const Tensor> inputs) {
  const DType dtype = inputs[0].dtype();
  for (const Tensor& input : inputs) {
    if (input.dtype() != dtype) {
      throw DTypeError(fmt::format("[{}] dtypes differ: {} is {}, {} is {}; cast() one of them", operation,
                                   graph::label(inputs[0]), to_string(dtype), graph::label(input),
                                   to_string(input.dtype())));
    }
  }
  return dtype;
}

DType require_floating(std::string_view operation, std::span<const Tensor> inputs) {
  const DType dtype = require_same(operation, inputs);
  if (!is_floating(dtype)) {
    throw DTypeError(fmt::format("[{}] takes float32 or float64, but {} is {}", operation, graph::label(inputs[0]),
                                 to_string(dtype)));
  }
  return dtype;
}

DType require_numeric(std::string_view operation, std::span<const Tensor> inputs) {
  const DType dtype = require_same(operation, inputs);
  if (dtype == boolean) {
    throw DTypeError(
        fmt::format("[{}] takes float32, float64 or int64, but {} is bool", operation, graph::label(inputs[0])));
  }
  return dtype;
}

std::size_t require_axis(std::string_view operation, const Tensor& x, std::int64_t axis, std::size_t added) {
  const std::size_t rank = require_defined(operation, x).rank() + added;
  const auto end = static_cast<std::int64_t>(rank);
  if (end == 0) {
    throw ShapeError(fmt::format("[{}] axis {} of {}: a scalar has no axes", operation, axis, graph::label(x)));
  }
  if (axis < -end || axis >= end) {
    throw ShapeError(
        fmt::format("[{}] axis {} of {}; expected {} to {}", operation, axis, graph::label(x), -end, end - 1));
  }
  return normalize_axis(axis, rank, operation);
}

std::vector<std::size_t> require_axes(std::string_view operation, const Tensor& x, std::span<const std::int64_t> axes) {
  const std::size_t rank = require_defined(operation, x).rank();
  std::vector<std::size_t> seen;
  for (const std::int64_t axis : axes) {
    const std::size_t normal = require_axis(operation, x, axis);
    if (std::find(seen.begin(), seen.end(), normal) != seen.end()) {
      throw ShapeError(fmt::format("[{}] axis {} of {} is named twice: ({})", operation, normal, graph::label(x),
                                   fmt::join(axes, ", ")));
    }
    seen.push_back(normal);
  }
  return normalize_axes(axes, rank, operation);
}

void require_dtype(std::string_view operation, const Tensor& input, DType dtype) {
  if (input.dtype() != dtype) {
    throw DTypeError(fmt::format("[{}] takes {} here, but {} is {}", operation, to_string(dtype), graph::label(input),
                                 to_string(input.dtype())));
  }
}

Tensor scalar_beside(std::string_view operation, double value, const Tensor& tensor) {
  const DType dtype = require_defined(operation, tensor).dtype();
  const bool fits = is_floating(dtype) || (dtype == boolean ? value == 0 || value == 1
                                                            : std::trunc(value) == value && std::abs(value) < 0x1p53);
  if (!fits) {
    throw DTypeError(fmt::format("[{}] the number {} can't be {} beside {}", operation, value, to_string(dtype),
                                 graph::label(tensor)));
  }
  return scalar(value, dtype);
}

Tensor add_defined(const Tensor& a, const Tensor& b) {
  if (!a.defined() || !b.defined()) {
    return a.defined() ? a : b;
  }
  return a + b;
}

}  // namespace xgrad::ops
