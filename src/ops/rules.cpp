#include "ops/rules.hpp"

#include <cmath>
#include <fmt/format.h>

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
                                   graph::spoken(inputs[0]), to_string(dtype), graph::spoken(input),
                                   to_string(input.dtype())));
    }
  }
  return dtype;
}

DType require_floating(std::string_view operation, std::span<const Tensor> inputs) {
  const DType dtype = require_same(operation, inputs);
  if (!is_floating(dtype)) {
    throw DTypeError(fmt::format("[{}] takes float32 or float64, but {} is {}", operation, graph::spoken(inputs[0]),
                                 to_string(dtype)));
  }
  return dtype;
}

DType require_numeric(std::string_view operation, std::span<const Tensor> inputs) {
  const DType dtype = require_same(operation, inputs);
  if (dtype == boolean) {
    throw DTypeError(
        fmt::format("[{}] takes float32, float64 or int64, but {} is bool", operation, graph::spoken(inputs[0])));
  }
  return dtype;
}

void require_dtype(std::string_view operation, const Tensor& input, DType dtype) {
  if (input.dtype() != dtype) {
    throw DTypeError(fmt::format("[{}] takes {} here, but {} is {}", operation, to_string(dtype), graph::spoken(input),
                                 to_string(input.dtype())));
  }
}

Tensor scalar_beside(std::string_view operation, double value, const Tensor& tensor) {
  const DType dtype = require_defined(operation, tensor).dtype();
  const bool fits = is_floating(dtype) || (dtype == boolean ? value == 0 || value == 1
                                                            : std::trunc(value) == value && std::abs(value) < 0x1p53);
  if (!fits) {
    throw DTypeError(fmt::format("[{}] the number {} can't be {} beside {}", operation, value, to_string(dtype),
                                 graph::spoken(tensor)));
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
