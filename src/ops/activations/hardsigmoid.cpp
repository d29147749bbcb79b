// min(max(x + 3, 0), 6) / 6        hardsigmoid′ = [−3 < x < 3] / 6
#include "xgrad/activations.hpp"

#include "ops/activations/hardtanh.hpp"

namespace xgrad {

namespace {

struct Hardsigmoid {
  static constexpr std::string_view name = "hardsigmoid";
  static constexpr std::string_view slope_name = "hardsigmoid_slope";

  template <class T>
  [[nodiscard]] static T value(T x) noexcept {
    return (ops::Hardtanh{-3, 3}.value(x) + 3) / 6;
  }
  template <class T>
  [[nodiscard]] static T slope(T x) noexcept {
    return ops::Hardtanh{-3, 3}.slope(x) / 6;
  }
};

}  // namespace

Tensor hardsigmoid(const Tensor& x) {
  return ops::activation<Hardsigmoid>(x);
}

}  // namespace xgrad
