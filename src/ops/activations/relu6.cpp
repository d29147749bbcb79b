// min(max(x, 0), 6)        relu6′ = [0 < x < 6]
#include "xgrad/activations.hpp"

#include "ops/activations/hardtanh.hpp"

namespace xgrad {

namespace {

struct Relu6 {
  static constexpr std::string_view name = "relu6";
  static constexpr std::string_view slope_name = "relu6_slope";

  template <class T>
  [[nodiscard]] static T value(T x) noexcept {
    return ops::Hardtanh{0, 6}.value(x);
  }
  template <class T>
  [[nodiscard]] static T slope(T x) noexcept {
    return ops::Hardtanh{0, 6}.slope(x);
  }
};

}  // namespace

Tensor relu6(const Tensor& x) {
  return ops::activation<Relu6>(x);
}

}  // namespace xgrad
