#pragma once

#include "../support/xgrad.hpp"
#include "workload.hpp"

namespace bench::reductions {

/// What the operation is of besides x; x itself where there is nothing.
inline xgrad::Tensor other_of(const Workload& workload) {
  return xgrad_tensor(workload.y.empty() ? workload.x : workload.y, {workload.rows, workload.columns});
}

/// The operation as a user of xgrad writes it. `y` is of distance alone.
inline xgrad::Tensor reduced(Operation operation, const xgrad::Tensor& x, const xgrad::Tensor& y) {
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
    case Operation::distance:
      return xgrad::norm(x - y);
    case Operation::sum:
      break;
  }
  return xgrad::sum(x);
}

}  // namespace bench::reductions
