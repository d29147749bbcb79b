// The whole number next to it on the side of 0        no gradient: the derivative is 0 wherever there is one
#include "xgrad/elementary.hpp"

#include "ops/special/rounding.hpp"

namespace xgrad {

namespace {

struct Trunc {
  static constexpr std::string_view name = "trunc";
  static constexpr auto kernel = &run::VectorKernels::trunc;
};

}  // namespace

Tensor trunc(const Tensor& x) {
  return ops::round_by<Trunc>(x);
}

}  // namespace xgrad
