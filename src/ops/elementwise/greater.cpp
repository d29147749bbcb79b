// a > b, as bool        no gradient
#include "xgrad/math.hpp"

#include "ops/elementwise/comparison.hpp"

namespace xgrad {

namespace {

struct Greater {
  static constexpr std::string_view name = "greater";
  static constexpr Algebra algebra = Algebra::greater;
  static constexpr std::string_view symbol = ">";
  template <class T>
  bool operator()(T a, T b) const noexcept {
    return a > b;
  }
};

}  // namespace

const ops::OperationPointer& ops::greater_operation() {
  return comparison<Greater>();
}

Tensor greater(const Tensor& a, const Tensor& b) {
  return ops::compare<Greater>(a, b);
}

Tensor greater(const Tensor& a, double b) {
  return ops::compare<Greater>(a, b);
}

}  // namespace xgrad
