#pragma once

#include "../support/xgrad.hpp"
#include "workload.hpp"

namespace bench::pooling {

inline xgrad::Tensor images_of(const Workload& workload) {
  return xgrad_tensor(workload.x, {workload.images, workload.channels, workload.side, workload.side});
}
inline xgrad::Tensor cotangent_of(const Workload& workload) {
  return xgrad_tensor(workload.cotangent, {workload.images, workload.channels, workload.side / 2, workload.side / 2});
}

/// The operation as a user of xgrad writes it.
inline xgrad::Tensor pooled(Kind kind, const xgrad::Tensor& x) {
  return kind == Kind::max ? xgrad::max_pool(x, {.kernel = {2, 2}}) : xgrad::avg_pool(x, {.kernel = {2, 2}});
}

}  // namespace bench::pooling
