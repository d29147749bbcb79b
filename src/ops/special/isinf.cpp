// Whether x is ∞ or −∞, as bool        no gradient
#include <cmath>

#include "xgrad/elementary.hpp"

#include "ops/special/classification.hpp"

namespace xgrad {

namespace {

struct IsInf {
  static constexpr std::string_view name = "isinf";
  static constexpr bool of_whole_numbers = false;
  template <class T>
  bool operator()(T x) const noexcept {
    return std::isinf(x);
  }
};

}  // namespace

Tensor isinf(const Tensor& x) {
  return ops::classify<IsInf>(x);
}

}  // namespace xgrad
