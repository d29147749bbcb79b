// a ≥ b, as bool        no gradient
#include "xgrad/math.hpp"

#include "ops/elementwise/comparison.hpp"

namespace xgrad {

namespace {

struct GreaterEqual {
  static constexpr std::string_view name = "greater_equal";
  static constexpr Algebra algebra = Algebra::greater_equal;
  static constexpr std::string_view symbol = "≥";
  template <class T>
  bool operator()(T a, T b) const noexcept {
    return a >= b;
  }
};

}  // namespace

Tensor greater_equal(const Tensor& a, const Tensor& b) {
  return ops::compare<GreaterEqual>(a, b);
}

Tensor greater_equal(const Tensor& a, double b) {
  return ops::compare<GreaterEqual>(a, b);
}

}  // namespace xgrad
