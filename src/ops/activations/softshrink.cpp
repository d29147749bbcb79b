// x − λ above λ, x + λ below −λ, else 0        softshrink′ = [|x| > λ]
#include "xgrad/activations.hpp"

#include "ops/activations/shrink.hpp"

namespace xgrad {

namespace {

struct Softshrink : ops::Shrink {
  static constexpr std::string_view name = "softshrink";
  static constexpr std::string_view slope_name = "softshrink_slope";

  template <class T>
  [[nodiscard]] T value(T x) const noexcept {
    const T threshold = static_cast<T>(lambda);
    const T outside = x > 0 ? x - threshold : x + threshold;
    return choice(x, T{0}, outside);
  }
};

}  // namespace

Tensor softshrink(const Tensor& x, double lambda) {
  ops::require_threshold("softshrink", lambda);
  return ops::activation(x, Softshrink{{lambda}});
}

}  // namespace xgrad
