// The whole number next to it on the side of 0        no gradient: the derivative is 0 wherever there is one
#include <cmath>

#include "xgrad/elementary.hpp"

#include "ops/special/rounding.hpp"

namespace xgrad {

namespace {

struct Trunc {
  static constexpr std::string_view name = "trunc";
  template <class T>
  T operator()(T x) const noexcept {
    return std::trunc(x);
  }
};

}  // namespace

Tensor trunc(const Tensor& x) {
  return ops::round_by<Trunc>(x);
}

}  // namespace xgrad
