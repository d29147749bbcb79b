#pragma once

#include "../support/xgrad.hpp"
#include "workload.hpp"

namespace bench::reductions {

/// The operation as a user of xgrad writes it.
inline xgrad::Tensor reduced(Operation operation, const xgrad::Tensor& x) {
  switch (operation) {
    case Operation::softmax:
      return xgrad::softmax(x, 1);
    case Operation::log_softmax:
      return xgrad::log_softmax(x, 1);
    case Operation::logsumexp:
      return xgrad::logsumexp(x, 1);
    case Operation::sum_axis_0:
      return xgrad::sum(x, 0);
    case Operation::sum_axis_1:
      return xgrad::sum(x, 1);
    case Operation::sum:
      break;
  }
  return xgrad::sum(x);
}

}  // namespace bench::reductions
