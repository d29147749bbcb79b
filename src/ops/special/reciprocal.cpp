// 1 / x, as a quotient: with the forms of quotients
#include <array>

#include "xgrad/elementary.hpp"
#include "xgrad/math.hpp"

#include "ops/rules.hpp"

namespace xgrad {

Tensor reciprocal(const Tensor& x) {
  const std::array input{ops::require_defined("reciprocal", x)};
  static_cast<void>(ops::require_floating("reciprocal", input));
  return 1.0 / x;
}

}  // namespace xgrad
