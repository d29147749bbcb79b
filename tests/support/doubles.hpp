#pragma once

#include <vector>

#include "xgrad/creation.hpp"
#include "xgrad/tensor.hpp"

/// Small float64 tensors, written down and read.
namespace xgrad::test {

inline Tensor doubles(const NestedList& values) {
  return tensor(values, float64);
}

inline std::vector<double> values_of(const Tensor& tensor) {
  return tensor.to_vector<double>();
}

}  // namespace xgrad::test
