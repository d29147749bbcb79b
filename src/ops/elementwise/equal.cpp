// a = b, as bool        no gradient
#include "xgrad/math.hpp"

#include "ops/elementwise/comparison.hpp"

namespace xgrad {

namespace {

struct Equal {
  static constexpr std::string_view name = "equal";
  static constexpr Algebra algebra = Algebra::equal;
  static constexpr std::string_view symbol = "=";
  template <class T>
  bool operator()(T a, T b) const noexcept {
    return a == b;
  }
};

}  // namespace

const ops::OperationPointer& ops::equal_operation() {
  return comparison<Equal>();
}

Tensor equal(const Tensor& a, const Tensor& b) {
  return ops::compare<Equal>(a, b);
}

Tensor equal(const Tensor& a, double b) {
  return ops::compare<Equal>(a, b);
}

}  // namespace xgrad
