#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>
#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>
#include <xtensor/xexpression.hpp>

#include "xgrad/creation.hpp"
#include "xgrad/tensor.hpp"

/// The bridge to xtensor: opt-in, not part of xgrad.hpp, and the one header that needs xtensor. (With xtensor 0.26 and
/// later, xtensor's own include folders must be found without their new sub-folders; its CMake package sees to that.)
namespace xgrad {

/// Copies an array or a lazy expression of a floating type, an integer type (→ int64) or bool; row-major, whatever its
/// own layout. An expression is evaluated once.
template <class E>
[[nodiscard]] Tensor from_xtensor(const xt::xexpression<E>& expression) {
  using Value = typename E::value_type;
  static_assert(std::is_arithmetic_v<Value>, "xgrad holds float, double, std::int64_t and bool");
  using Held =
      std::conditional_t<std::is_same_v<Value, float>, float,
                         std::conditional_t<std::is_floating_point_v<Value>, double,
                                            std::conditional_t<std::is_same_v<Value, bool>, bool, std::int64_t>>>;
  const xt::xarray<Held, xt::layout_type::row_major> values = xt::cast<Held>(expression.derived_cast());
  std::vector<std::int64_t> lengths;
  for (const auto length : values.shape()) {
    lengths.push_back(static_cast<std::int64_t>(length));
  }
  return from_data(std::span<const Held>{values.data(), values.size()}, Shape{lengths});
}

/// Of several at once: hand-derived gradients for check::compare, say.
template <class... E>
[[nodiscard]] std::vector<Tensor> from_xtensors(const xt::xexpression<E>&... expressions) {
  return {from_xtensor(expressions)...};
}

/// A view of the tensor's memory, without a copy; valid while `tensor` lives. Evaluates. Throws DTypeError if T isn't
/// the dtype. Not of a temporary: see Tensor::data.
template <Element T>
[[nodiscard]] auto view_xtensor(const Tensor& tensor) {
  const std::span<const T> values = tensor.data<T>();
  std::vector<std::size_t> lengths;
  for (const std::int64_t length : tensor.shape()) {
    lengths.push_back(static_cast<std::size_t>(length));
  }
  return xt::adapt(values.data(), values.size(), xt::no_ownership(), lengths);
}

template <Element T, class Temporary>
requires(std::is_same_v<std::remove_const_t<Temporary>, Tensor>) auto view_xtensor(Temporary&& tensor) = delete;

/// A copy, of dynamic rank. Evaluates. Throws DTypeError if T isn't the dtype.
template <Element T>
[[nodiscard]] xt::xarray<T> to_xarray(const Tensor& tensor) {
  return xt::xarray<T>{view_xtensor<T>(tensor)};
}

}  // namespace xgrad
