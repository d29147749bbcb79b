#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string_view>
#include <type_traits>

#include "xgrad/export.hpp"

namespace xgrad {

/// The type of a tensor's elements. A bool takes one byte, 0 or 1.
enum class DType : std::uint8_t { float32, float64, int64, boolean };

inline constexpr DType float32 = DType::float32;
inline constexpr DType float64 = DType::float64;
inline constexpr DType int64 = DType::int64;
inline constexpr DType boolean = DType::boolean;

/// "float32", "float64", "int64" or "bool".
[[nodiscard]] XGRAD_API std::string_view to_string(DType dtype) noexcept;

XGRAD_API std::ostream& operator<<(std::ostream& out, DType dtype);

/// The inverse of to_string. Throws ValueError for any other text.
[[nodiscard]] XGRAD_API DType dtype_from_string(std::string_view text);

/// Bytes per element.
[[nodiscard]] constexpr std::size_t size_of(DType dtype) noexcept {
  switch (dtype) {
    case DType::float32:
      return 4;
    case DType::float64:
    case DType::int64:
      return 8;
    case DType::boolean:
      return 1;
  }
  return 0;
}

[[nodiscard]] constexpr bool is_floating(DType dtype) noexcept {
  return dtype == DType::float32 || dtype == DType::float64;
}

/// A C++ type that is the element type of some DType.
template <class T>
concept Element =
    std::is_same_v<T, float> || std::is_same_v<T, double> || std::is_same_v<T, std::int64_t> || std::is_same_v<T, bool>;

namespace detail {
template <Element T>
consteval DType dtype_of_element() {
  if constexpr (std::is_same_v<T, float>) {
    return DType::float32;
  } else if constexpr (std::is_same_v<T, double>) {
    return DType::float64;
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    return DType::int64;
  } else {
    return DType::boolean;
  }
}
}  // namespace detail

template <Element T>
inline constexpr DType dtype_of = detail::dtype_of_element<T>();

}  // namespace xgrad
