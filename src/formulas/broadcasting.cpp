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

}  // namespace xgrad::formulas
