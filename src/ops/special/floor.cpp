// The largest whole number that is no larger        no gradient: the derivative is 0 wherever there is one
#include "xgrad/elementary.hpp"

#include "ops/special/rounding.hpp"

namespace xgrad {

namespace {

struct Floor {
  static constexpr std::string_view name = "floor";
  static constexpr auto kernel = &run::VectorKernels::floor;
};

}  // namespace

Tensor floor(const Tensor& x) {
  return ops::round_by<Floor>(x);
}

}  // namespace xgrad
