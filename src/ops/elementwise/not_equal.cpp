// a ≠ b, as bool        no gradient
#include "xgrad/math.hpp"

#include "ops/elementwise/comparison.hpp"

namespace xgrad {

namespace {

struct NotEqual {
  static constexpr std::string_view name = "not_equal";
  static constexpr Algebra algebra = Algebra::not_equal;
  static constexpr std::string_view symbol = "≠";
  template <class T>
  bool operator()(T a, T b) const noexcept {
    return a != b;
  }
};

}  // namespace

Tensor not_equal(const Tensor& a, const Tensor& b) {
  return ops::compare<NotEqual>(a, b);
}

Tensor not_equal(const Tensor& a, double b) {
  return ops::compare<NotEqual>(a, b);
}

}  // namespace xgrad
