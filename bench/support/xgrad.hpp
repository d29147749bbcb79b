#pragma once

#include <span>
#include <xgrad/xgrad.hpp>

#include "floats.hpp"

namespace bench {

inline xgrad::Tensor xgrad_tensor(const Floats& values, const xgrad::Shape& shape) {
  return xgrad::from_data(std::span<const float>{values}, shape);
}

inline Floats floats_of(const xgrad::Tensor& tensor) {
  const auto values = tensor.data<float>();
  return {values.begin(), values.end()};
}

}  // namespace bench
