// x, and 0 for |x| ≤ λ        hardshrink′ = [|x| > λ]
#include <cmath>
#include <fmt/format.h>

#include "xgrad/activations.hpp"
#include "xgrad/error.hpp"

#include "ops/activations/shrink.hpp"

namespace xgrad {

namespace {

struct Hardshrink : ops::Shrink {
  static constexpr std::string_view name = "hardshrink";
  static constexpr std::string_view slope_name = "hardshrink_slope";

  template <class T>
  [[nodiscard]] T value(T x) const noexcept {
    return choice(x, T{0}, x);
  }
};

}  // namespace

void ops::require_threshold(std::string_view operation, double lambda) {
  if (!(lambda >= 0) || std::isinf(lambda)) {
    throw ValueError(fmt::format("[{}] found lambda = {}; expected a finite number, 0 or larger", operation, lambda));
  }
}

Tensor hardshrink(const Tensor& x, double lambda) {
  ops::require_threshold("hardshrink", lambda);
  return ops::activation(x, Hardshrink{{lambda}});
}

}  // namespace xgrad
