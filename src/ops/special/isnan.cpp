// Whether x is not a number, as bool        no gradient
#include <cmath>

#include "xgrad/elementary.hpp"

#include "ops/special/classification.hpp"

namespace xgrad {

namespace {

struct IsNan {
  static constexpr std::string_view name = "isnan";
  static constexpr bool of_whole_numbers = false;
  template <class T>
  bool operator()(T x) const noexcept {
    return std::isnan(x);
  }
};

}  // namespace

Tensor isnan(const Tensor& x) {
  return ops::classify<IsNan>(x);
}

}  // namespace xgrad
