// x − tanh x        tanhshrink′ = tanh²
#include <cmath>

#include "xgrad/activations.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"

namespace xgrad {

namespace {

class TanhshrinkOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "tanhshrink"; }
  [[nodiscard]] Notation notation() const noexcept override { return {.primed = true}; }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return chain_mul(t, square(tanh(call.inputs[0])));
  }

  // Near 0, where x and tanh x cancel: (x cosh x − sinh x) / cosh x, whose numerator is Σ 2k/(2k + 1)! x^(2k + 1).
  template <class T>
  static T value(T x) noexcept {
    if (!(std::abs(x) < 1)) {
      return x - std::tanh(x);
    }
    constexpr int terms = 9;  // what is left is below 2⁻⁵⁵ of the sum
    const T squared = x * x;
    T sum = 0;
    T power = x / 6;  // x^(2k + 1) / (2k + 1)! / x²
    for (int k = 1; k <= terms; ++k) {
      sum += static_cast<T>(2 * k) * power;
      power *= squared / static_cast<T>((2 * k + 2) * (2 * k + 3));
    }
    return sum * squared / std::cosh(x);
  }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return floating_tile_of<TanhshrinkOperation>(output);
  }
};

}  // namespace

Tensor tanhshrink(const Tensor& x) {
  static const auto operation = std::make_shared<const TanhshrinkOperation>();
  return apply(operation, {x});
}

}  // namespace xgrad
