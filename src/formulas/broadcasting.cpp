#include "formulas/broadcasting.hpp"

namespace xgrad::formulas {

Shape common_shape(std::span<const Expr> arguments) {
  Shape shape;
  for (Expr argument : arguments) {
    Shape wider;
    static_cast<void>(broadcast(shape, argument->shape, wider));
    shape = wider;
  }
  return shape;
}

bool broadcasts(const Shape& from, const Shape& to) {
  Shape common;
  return broadcast(from, to, common) && common == to;
}

Expr without_spread(Expr x) {
  while (x->head == Head::spread && broadcasts(x->arguments[0]->shape, x->shape)) {
    x = x->arguments[0];
  }
  return x;
}

}  // namespace xgrad::formulas
