// The smallest whole number that is no smaller        no gradient: the derivative is 0 wherever there is one
#include "xgrad/elementary.hpp"

#include "ops/special/rounding.hpp"

namespace xgrad {

namespace {

struct Ceil {
  static constexpr std::string_view name = "ceil";
  static constexpr auto kernel = &run::VectorKernels::ceil;
};

}  // namespace

Tensor ceil(const Tensor& x) {
  return ops::round_by<Ceil>(x);
}

}  // namespace xgrad
