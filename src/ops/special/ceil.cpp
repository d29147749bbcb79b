// The smallest whole number that is no smaller        no gradient: the derivative is 0 wherever there is one
#include <cmath>

#include "xgrad/elementary.hpp"

#include "ops/special/rounding.hpp"

namespace xgrad {

namespace {

struct Ceil {
  static constexpr std::string_view name = "ceil";
  template <class T>
  T operator()(T x) const noexcept {
    return std::ceil(x);
  }
};

}  // namespace

Tensor ceil(const Tensor& x) {
  return ops::round_by<Ceil>(x);
}

}  // namespace xgrad
