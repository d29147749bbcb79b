#include "check/as_doubles.hpp"

#include <span>

namespace xgrad::check {

std::vector<double> as_doubles(const Tensor& tensor) {
  if (tensor.dtype() == float64) {
    return tensor.to_vector<double>();
  }
  const std::span<const float> values = tensor.data<float>();
  return {values.begin(), values.end()};
}

}  // namespace xgrad::check
