// min(max(x, low), high)        hardtanh′ = [low < x < high]
#include "ops/activations/hardtanh.hpp"

#include <cmath>
#include <fmt/format.h>

#include "xgrad/activations.hpp"
#include "xgrad/error.hpp"

namespace xgrad {

Tensor hardtanh(const Tensor& x, double low, double high) {
  if (!(low < high)) {
    throw ValueError(fmt::format("[hardtanh] found low = {}, high = {}; expected low < high", low, high));
  }
  return ops::activation(x, ops::Hardtanh{low, high});
}

}  // namespace xgrad
