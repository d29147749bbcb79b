// a − q b with q = ⌊a / b⌋: of the sign of b, as Python's        ∂a = 1, ∂b = −q
#include <cmath>
#include <cstdint>

#include "xgrad/elementary.hpp"

#include "ops/special/division.hpp"

namespace xgrad {

namespace {

struct Remainder {
  static constexpr std::string_view name = "remainder";
  template <class T>
  static T rest_of(T a, T b) noexcept {
    const T rest = std::fmod(a, b);
    if (rest == 0) {
      return std::copysign(T{0}, b);
    }
    return (rest < 0) == (b < 0) ? rest : rest + b;
  }
  static std::int64_t rest_of(std::int64_t a, std::int64_t b) noexcept {
    const std::int64_t rest = a % b;
    return rest == 0 || (rest < 0) == (b < 0) ? rest : rest + b;
  }
};

}  // namespace

Tensor remainder(const Tensor& a, const Tensor& b) {
  return ops::divide_with_rest<Remainder>(a, b);
}

Tensor remainder(const Tensor& a, double b) {
  return remainder(a, ops::scalar_beside("remainder", b, a));
}

Tensor remainder(double a, const Tensor& b) {
  return remainder(ops::scalar_beside("remainder", a, b), b);
}

}  // namespace xgrad
