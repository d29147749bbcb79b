// a − q b with q = trunc(a / b): of the sign of a, as C's        ∂a = 1, ∂b = −q
#include <cmath>
#include <cstdint>

#include "xgrad/elementary.hpp"

#include "ops/special/division.hpp"

namespace xgrad {

namespace {

struct Fmod {
  static constexpr std::string_view name = "fmod";
  template <class T>
  static T rest_of(T a, T b) noexcept {
    return std::fmod(a, b);
  }
  static std::int64_t rest_of(std::int64_t a, std::int64_t b) noexcept { return a % b; }
};

}  // namespace

Tensor fmod(const Tensor& a, const Tensor& b) {
  return ops::divide_with_rest<Fmod>(a, b);
}

Tensor fmod(const Tensor& a, double b) {
  return fmod(a, ops::scalar_beside("fmod", b, a));
}

Tensor fmod(double a, const Tensor& b) {
  return fmod(ops::scalar_beside("fmod", a, b), b);
}

}  // namespace xgrad
