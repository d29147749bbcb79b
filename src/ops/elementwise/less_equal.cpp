// a ≤ b, as bool        no gradient
#include "xgrad/math.hpp"

#include "ops/elementwise/comparison.hpp"

namespace xgrad {

namespace {

struct LessEqual {
  static constexpr std::string_view name = "less_equal";
  static constexpr Algebra algebra = Algebra::less_equal;
  static constexpr std::string_view symbol = "≤";
  template <class T>
  bool operator()(T a, T b) const noexcept {
    return a <= b;
  }
};

}  // namespace

Tensor less_equal(const Tensor& a, const Tensor& b) {
  return ops::compare<LessEqual>(a, b);
}

Tensor less_equal(const Tensor& a, double b) {
  return ops::compare<LessEqual>(a, b);
}

}  // namespace xgrad
