// x, and slope x for x ≤ 0        leaky_relu′ = 1, and slope for x ≤ 0
#include <cmath>
#include <fmt/format.h>

#include "xgrad/activations.hpp"
#include "xgrad/error.hpp"
#include "xgrad/math.hpp"

#include "ops/activations/activation.hpp"

namespace xgrad {

namespace {

struct LeakyRelu {
  static constexpr std::string_view name = "leaky_relu";
  static constexpr std::string_view slope_name = "leaky_relu_slope";
  double below;

  friend bool operator==(const LeakyRelu&, const LeakyRelu&) = default;
  [[nodiscard]] std::vector<Attribute> attributes() const { return {{"slope", below}}; }

  template <class T>
  [[nodiscard]] T value(T x) const noexcept {
    const T smaller = x * static_cast<T>(below);
    return x > 0 ? x : smaller;
  }
  template <class T>
  [[nodiscard]] T slope(T x) const noexcept {
    const T at_most_zero = x == x ? static_cast<T>(below) : x;
    return x > 0 ? T{1} : at_most_zero;
  }
};

}  // namespace

Tensor leaky_relu(const Tensor& x, double slope) {
  if (!std::isfinite(slope)) {
    throw ValueError(fmt::format("[leaky_relu] found the slope {}; expected a finite number", slope));
  }
  return slope == 0 && x.defined() && is_floating(x.dtype()) ? relu(x) : ops::activation(x, LeakyRelu{slope});
}

}  // namespace xgrad
