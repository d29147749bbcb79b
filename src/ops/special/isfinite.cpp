// Whether x is a number, and neither ∞ nor −∞, as bool        no gradient
#include <cmath>

#include "xgrad/elementary.hpp"

#include "ops/special/classification.hpp"

namespace xgrad {

namespace {

struct IsFinite {
  static constexpr std::string_view name = "isfinite";
  static constexpr bool of_whole_numbers = true;
  template <class T>
  bool operator()(T x) const noexcept {
    return std::isfinite(x);
  }
};

}  // namespace

Tensor isfinite(const Tensor& x) {
  return ops::classify<IsFinite>(x);
}

}  // namespace xgrad
