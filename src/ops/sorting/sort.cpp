// sort, argsort: the elements along an axis in order, and their indices. The derivative of sort is gather's.
#include "xgrad/index.hpp"
#include "xgrad/sorting.hpp"

#include "ops/rules.hpp"
#include "ops/sorting/order.hpp"

namespace xgrad {

namespace {

Tensor whole_order(std::string_view operation, const Tensor& x, std::size_t axis, bool descending) {
  return ops::indices_at_ranks(
      operation, x, axis, {.first = 0, .count = x.shape()[axis], .descending = descending, .nans = run::Nans::last});
}

}  // namespace

Tensor argsort(const Tensor& x, std::int64_t axis, bool descending) {
  return whole_order("argsort", x, ops::require_axis("argsort", x, axis), descending);
}

Tensor sort(const Tensor& x, std::int64_t axis, bool descending) {
  return gather(x, whole_order("sort", x, ops::require_axis("sort", x, axis), descending), axis);
}

}  // namespace xgrad
