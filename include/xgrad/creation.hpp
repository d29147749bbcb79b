#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <type_traits>
#include <vector>

#include "xgrad/dtype.hpp"
#include "xgrad/export.hpp"
#include "xgrad/shape.hpp"
#include "xgrad/tensor.hpp"

namespace xgrad {

/// A number or a nested list of numbers, as in tensor({{1, 2}, {3, 4}}).
class NestedList {
 public:
  template <class T>
  requires std::is_arithmetic_v<T> NestedList(T value)
      : value_{static_cast<double>(value)} {}  // NOLINT(google-explicit-constructor)
  NestedList(std::initializer_list<NestedList> items) : items_(items), is_list_{true} {}

  [[nodiscard]] bool is_list() const noexcept { return is_list_; }
  [[nodiscard]] double value() const noexcept { return value_; }
  [[nodiscard]] const std::vector<NestedList>& items() const noexcept { return items_; }

 private:
  double value_ = 0;
  std::vector<NestedList> items_;
  bool is_list_ = false;
};

/// Throws ShapeError if the lists are ragged, ValueError if a number isn't representable (1.5 as int64).
[[nodiscard]] XGRAD_API Tensor tensor(const NestedList& values, DType dtype = float32);

/// Copies `values`, row-major. Throws ShapeError if their number isn't shape.size().
template <Element T>
[[nodiscard]] Tensor from_data(std::span<const T> values, const Shape& shape);
template <Element T>
requires(!std::is_same_v<T, bool>) [[nodiscard]] Tensor from_vector(const std::vector<T>& values, const Shape& shape) {
  return from_data(std::span<const T>{values}, shape);
}

extern template XGRAD_API Tensor from_data<float>(std::span<const float>, const Shape&);
extern template XGRAD_API Tensor from_data<double>(std::span<const double>, const Shape&);
extern template XGRAD_API Tensor from_data<std::int64_t>(std::span<const std::int64_t>, const Shape&);
extern template XGRAD_API Tensor from_data<bool>(std::span<const bool>, const Shape&);

[[nodiscard]] XGRAD_API Tensor zeros(const Shape& shape, DType dtype = float32);
[[nodiscard]] XGRAD_API Tensor ones(const Shape& shape, DType dtype = float32);
/// Throws ValueError if `value` isn't representable in an integer or bool dtype.
[[nodiscard]] XGRAD_API Tensor full(const Shape& shape, double value, DType dtype = float32);
/// A zero-rank tensor.
[[nodiscard]] XGRAD_API Tensor scalar(double value, DType dtype = float32);
[[nodiscard]] XGRAD_API Tensor zeros_like(const Tensor& tensor);
[[nodiscard]] XGRAD_API Tensor ones_like(const Tensor& tensor);

/// start, start + step, … up to, not including, stop. Throws ValueError for step 0 or a value that isn't finite.
[[nodiscard]] XGRAD_API Tensor arange(double start, double stop, double step = 1, DType dtype = float32);
[[nodiscard]] XGRAD_API Tensor arange(double stop);
/// `count` evenly spaced values from start to stop, both included. Throws ValueError for a negative count.
[[nodiscard]] XGRAD_API Tensor linspace(double start, double stop, std::int64_t count, DType dtype = float32);
/// (rows, columns) with ones on the diagonal; columns < 0 means square.
[[nodiscard]] XGRAD_API Tensor eye(std::int64_t rows, std::int64_t columns = -1, DType dtype = float32);

}  // namespace xgrad
