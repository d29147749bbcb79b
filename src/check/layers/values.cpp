#include "check/layers/values.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <iterator>
#include <span>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"

namespace xgrad::check::manual {
namespace {

template <class T>
std::vector<double> as_doubles(const Tensor& tensor) {
  const std::span<const T> values = tensor.data<T>();
  std::vector<double> result;
  result.reserve(values.size());
  std::transform(values.begin(), values.end(), std::back_inserter(result),
                 [](T value) { return static_cast<double>(value); });
  return result;
}

}  // namespace

void require_floating(const char* function, const char* role, const Tensor& tensor) {
  if (!tensor.defined()) {
    throw ValueError(fmt::format("[manual::{}] {} is undefined, expected float32 or float64", function, role));
  }
  if (!is_floating(tensor.dtype())) {
    throw DTypeError(
        fmt::format("[manual::{}] {} is {}, expected float32 or float64", function, role, to_string(tensor.dtype())));
  }
}

void require(const char* function, const char* role, const Tensor& tensor, DType dtype, const Shape& shape) {
  if (!tensor.defined()) {
    throw ValueError(fmt::format("[manual::{}] {} is undefined, expected {} {}", function, role, to_string(dtype),
                                 to_string(shape)));
  }
  if (tensor.dtype() != dtype) {
    throw DTypeError(
        fmt::format("[manual::{}] {} is {}, expected {}", function, role, to_string(tensor.dtype()), to_string(dtype)));
  }
  if (tensor.shape() != shape) {
    refuse_shape(function, role, tensor, to_string(shape));
  }
}

void require_if_defined(const char* function, const char* role, const Tensor& tensor, DType dtype, const Shape& shape) {
  if (tensor.defined()) {
    require(function, role, tensor, dtype, shape);
  }
}

void refuse_shape(const char* function, const char* role, const Tensor& tensor, const std::string& expected) {
  throw ShapeError(
      fmt::format("[manual::{}] {} has shape {}, expected {}", function, role, to_string(tensor.shape()), expected));
}

void require_option(const char* function, const char* option, double value, bool holds, const char* expected) {
  if (!holds) {
    throw ValueError(fmt::format("[manual::{}] {} {}, expected {}", function, option, value, expected));
  }
}

void require_epsilon(const char* function, double epsilon) {
  require_option(function, "epsilon", epsilon, epsilon > 0 && std::isfinite(epsilon), "a positive number");
}

std::vector<double> read_values(const Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::float32:
      return as_doubles<float>(tensor);
    case DType::float64:
      return as_doubles<double>(tensor);
    case DType::int64:
      return as_doubles<std::int64_t>(tensor);
    case DType::boolean:
      return as_doubles<bool>(tensor);
  }
  return {};
}

std::vector<std::int64_t> read_integers(const Tensor& tensor) {
  return tensor.to_vector<std::int64_t>();
}

Tensor write_values(const std::vector<double>& values, const Shape& shape, DType dtype) {
  if (dtype == float64) {
    return from_data(std::span<const double>{values}, shape);
  }
  std::vector<float> rounded;
  rounded.reserve(values.size());
  std::transform(values.begin(), values.end(), std::back_inserter(rounded),
                 [](double value) { return static_cast<float>(value); });
  return from_data(std::span<const float>{rounded}, shape);
}

std::int64_t product_of(const Shape& shape, std::size_t first, std::size_t last) {
  std::int64_t product = 1;
  for (std::size_t axis = first; axis < last; ++axis) {
    product *= shape[axis];
  }
  return product;
}

}  // namespace xgrad::check::manual
