#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "xgrad/operation.hpp"

/// Dtype and operand rules that operations share. Errors name the operation and the tensors.
namespace xgrad::ops {

/// The tensor itself. Throws ValueError if it is undefined.
[[nodiscard]] const Tensor& require_defined(std::string_view operation, const Tensor& tensor);
/// The common dtype of the inputs. Throws DTypeError if they differ.
[[nodiscard]] DType require_same(std::string_view operation, std::span<const Tensor> inputs);
/// As require_same, and it is float32 or float64.
[[nodiscard]] DType require_floating(std::string_view operation, std::span<const Tensor> inputs);
/// As require_same, and it isn't bool.
[[nodiscard]] DType require_numeric(std::string_view operation, std::span<const Tensor> inputs);
/// An axis of x in [-rank, rank) as one in [0, rank). `added` axes more than x has, for operations that insert one.
/// Throws ValueError for an undefined x, ShapeError that names x.
[[nodiscard]] std::size_t require_axis(std::string_view operation, const Tensor& x, std::int64_t axis,
                                       std::size_t added = 0);
/// Axes of x, sorted; none given means all. Throws likewise, and for an axis that is named twice.
[[nodiscard]] std::vector<std::size_t> require_axes(std::string_view operation, const Tensor& x,
                                                    std::span<const std::int64_t> axes);
void require_dtype(std::string_view operation, const Tensor& input, DType dtype);

/// A number beside a tensor: a zero-rank leaf of its dtype. Throws DTypeError if the dtype can't hold the number
/// (1.5 beside int64, any number but 0 and 1 beside bool).
[[nodiscard]] Tensor scalar_beside(std::string_view operation, double value, const Tensor& tensor);

/// a + b, an undefined tensor standing for zero; undefined if both are.
[[nodiscard]] Tensor add_defined(const Tensor& a, const Tensor& b);

/// int64 arithmetic modulo 2⁶⁴, as NumPy's: overflow wraps.
[[nodiscard]] constexpr std::int64_t wrapping_add(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
[[nodiscard]] constexpr std::int64_t wrapping_sub(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
[[nodiscard]] constexpr std::int64_t wrapping_mul(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
}

}  // namespace xgrad::ops
