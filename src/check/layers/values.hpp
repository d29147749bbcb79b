#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "xgrad/dtype.hpp"
#include "xgrad/shape.hpp"
#include "xgrad/tensor.hpp"

#include "check/layers/array.hpp"

/// From Tensors to plain arrays and back. Errors name the function.
namespace xgrad::check::manual {

/// Throws ValueError for an undefined tensor, DTypeError unless it is float32 or float64.
void require_floating(const char* function, const char* role, const Tensor& tensor);
/// Throws these, DTypeError unless it has this dtype, ShapeError unless it has this shape.
void require(const char* function, const char* role, const Tensor& tensor, DType dtype, const Shape& shape);
/// The same if it is defined.
void require_if_defined(const char* function, const char* role, const Tensor& tensor, DType dtype, const Shape& shape);
/// Throws ShapeError that says what was expected.
[[noreturn]] void refuse_shape(const char* function, const char* role, const Tensor& tensor,
                               const std::string& expected);
/// Throws ValueError unless the condition holds: "[manual::max_pool] stride 0, expected 1 or more".
void require_option(const char* function, const char* option, double value, bool holds, const char* expected);
/// Throws ValueError unless it is positive and finite.
void require_epsilon(const char* function, double epsilon);

/// The elements in row-major order, whatever the dtype.
[[nodiscard]] std::vector<double> read_values(const Tensor& tensor);
/// Zeros for an undefined tensor.
template <std::size_t Rank>
[[nodiscard]] Array<Rank> read(const Tensor& tensor, const Index<Rank>& lengths) {
  return tensor.defined() ? Array<Rank>{lengths, read_values(tensor)} : Array<Rank>{lengths};
}
/// int64 elements.
[[nodiscard]] std::vector<std::int64_t> read_integers(const Tensor& tensor);

/// Rounded to the dtype.
[[nodiscard]] Tensor write_values(const std::vector<double>& values, const Shape& shape, DType dtype);
template <std::size_t Rank>
[[nodiscard]] Tensor write(const Array<Rank>& array, const Shape& shape, DType dtype) {
  return write_values(array.values(), shape, dtype);
}
/// Of the shape and the dtype of a tensor that it is the gradient of; undefined if that is.
template <std::size_t Rank>
[[nodiscard]] Tensor write_like(const Array<Rank>& array, const Tensor& tensor) {
  return tensor.defined() ? write(array, tensor.shape(), tensor.dtype()) : Tensor{};
}

/// The product of the lengths of the axes [first, last).
[[nodiscard]] std::int64_t product_of(const Shape& shape, std::size_t first, std::size_t last);

}  // namespace xgrad::check::manual
