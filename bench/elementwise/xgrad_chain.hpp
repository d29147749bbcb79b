#pragma once

#include "../support/xgrad.hpp"
#include "workload.hpp"

namespace bench::elementwise {

/// The chain as a user of xgrad writes it.
inline xgrad::Tensor chain(const xgrad::Tensor& x) {
  return xgrad::sigmoid(static_cast<double>(a) * x + static_cast<double>(b)) * xgrad::tanh(static_cast<double>(c) * x) +
         xgrad::exp(-xgrad::square(x));
}

}  // namespace bench::elementwise
