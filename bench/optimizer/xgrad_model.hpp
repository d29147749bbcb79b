#pragma once

#include "../support/xgrad.hpp"
#include "workload.hpp"

namespace bench::optimizer {

/// The weights, and an Adam that trains them.
struct XgradModel {
  xgrad::Parameter w;
  xgrad::Tensor t;
  xgrad::optim::Adam adam;

  explicit XgradModel(const Workload& workload)
      : w{xgrad_tensor(workload.w, {static_cast<std::int64_t>(workload.w.size())}), "w"},
        t{xgrad_tensor(workload.t, {static_cast<std::int64_t>(workload.t.size())})},
        adam{{{"w", w}}, {.learning_rate = learning_rate, .beta1 = beta1, .beta2 = beta2, .epsilon = epsilon}} {}

  [[nodiscard]] xgrad::Tensor loss(const xgrad::Tensor& target) const {
    return 0.5 * xgrad::sum(xgrad::square(w - target));
  }
};

}  // namespace bench::optimizer
