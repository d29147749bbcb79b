// x hardsigmoid(x)        hardswish′ = 0 up to −3, x/3 + ½, 1 from 3 on,   hardswish″ = [−3 < x < 3] / 3
#include "xgrad/activations.hpp"
#include "xgrad/math.hpp"

#include "ops/activations/hardtanh.hpp"

namespace xgrad {

namespace {

struct Hardswish {
  static constexpr std::string_view name = "hardswish";
  static constexpr std::string_view slope_name = "hardswish_slope";

  template <class T>
  [[nodiscard]] static T value(T x) noexcept {
    const T inside = x * (x + 3) / 6;
    const T above = x >= T{3} ? x : inside;
    return x <= T{-3} ? T{0} : above;
  }
  template <class T>
  [[nodiscard]] static T slope(T x) noexcept {
    const T inside = (2 * x + 3) / 6;
    const T above = x >= T{3} ? T{1} : inside;
    return x <= T{-3} ? T{0} : above;
  }
  [[nodiscard]] static Tensor times_curvature(const Call& call, const Tensor& t) {
    return chain_mul(t, ops::slope(call.inputs[0], ops::Hardtanh{-3, 3}) / 3.0);
  }
};

}  // namespace

Tensor hardswish(const Tensor& x) {
  return ops::activation<Hardswish>(x);
}

}  // namespace xgrad
