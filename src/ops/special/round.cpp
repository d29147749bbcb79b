// The nearest whole number, of two the even one        no gradient: the derivative is 0 wherever there is one
#include "xgrad/elementary.hpp"

#include "ops/special/rounding.hpp"

namespace xgrad {

namespace {

struct Round {
  static constexpr std::string_view name = "round";
  static constexpr auto kernel = &run::VectorKernels::round;
};

}  // namespace

Tensor round(const Tensor& x) {
  return ops::round_by<Round>(x);
}

}  // namespace xgrad
