// a < b, as bool        no gradient
#include "xgrad/math.hpp"

#include "ops/elementwise/comparison.hpp"

namespace xgrad {

namespace {

struct Less {
  static constexpr std::string_view name = "less";
  static constexpr Algebra algebra = Algebra::less;
  static constexpr std::string_view symbol = "<";
  template <class T>
  bool operator()(T a, T b) const noexcept {
    return a < b;
  }
};

}  // namespace

Tensor less(const Tensor& a, const Tensor& b) {
  return ops::compare<Less>(a, b);
}

Tensor less(const Tensor& a, double b) {
  return ops::compare<Less>(a, b);
}

}  // namespace xgrad
