#pragma once

#include <cstdint>
#include <type_traits>

#include "xgrad/dtype.hpp"

namespace xgrad {

/// Calls f(std::type_identity<T>{}) with the element type of a dtype.
template <class F>
decltype(auto) dispatch(DType dtype, F&& f) {
  switch (dtype) {
    case DType::float32:
      return f(std::type_identity<float>{});
    case DType::float64:
      return f(std::type_identity<double>{});
    case DType::int64:
      return f(std::type_identity<std::int64_t>{});
    case DType::boolean:
      break;
  }
  return f(std::type_identity<bool>{});
}

/// As dispatch, for a dtype that is known not to be bool.
template <class F>
decltype(auto) dispatch_numeric(DType dtype, F&& f) {
  switch (dtype) {
    case DType::float32:
      return f(std::type_identity<float>{});
    case DType::float64:
      return f(std::type_identity<double>{});
    default:
      return f(std::type_identity<std::int64_t>{});
  }
}

/// As dispatch, for a dtype that is known to be floating.
template <class F>
decltype(auto) dispatch_floating(DType dtype, F&& f) {
  return dtype == DType::float32 ? f(std::type_identity<float>{}) : f(std::type_identity<double>{});
}

}  // namespace xgrad
