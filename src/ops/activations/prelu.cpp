// x, and a x for x ≤ 0        ∂x = 1, and a for x ≤ 0;   ∂a = 0, and x for x ≤ 0
#include <array>
#include <fmt/format.h>
#include <vector>

#include "xgrad/activations.hpp"
#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"

#include "graph/node.hpp"
#include "ops/elementwise/elementwise.hpp"
#include "ops/elementwise/slopes.hpp"
#include "ops/rules.hpp"

namespace xgrad {

namespace {

// ∂x, whose ∂a = [x ≤ 0]
class PreluSlopeOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "prelu_slope"; }
  [[nodiscard]] Notation notation() const noexcept override { return {.symbol = "prelu′"}; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 2; }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t i, const Tensor& t) const override {
    return i == 0 ? Tensor{} : chain_mul(t, 1.0 - ops::relu_slope(call.inputs[0]));
  }

  template <class T>
  static T value(T x, T a) noexcept {
    const T at_most_zero = x == x ? a : x;
    return x > 0 ? T{1} : at_most_zero;
  }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return floating_tile_of<PreluSlopeOperation, 2>(output);
  }
};

class PreluOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "prelu"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 2; }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t i, const Tensor& t) const override {
    const Tensor& x = call.inputs[0];
    if (i == 1) {
      return chain_mul(t, where(x > 0.0, 0.0, x));
    }
    static const auto slope = std::make_shared<const PreluSlopeOperation>();
    return chain_mul(t, apply(slope, call.inputs));
  }

  // 0 · ∞ is 0, the value of a slope that is 0.
  template <class T>
  static T value(T x, T a) noexcept {
    const T product = a * x;
    const T zero = x == x ? T{0} : x;
    const T at_most_zero = a == 0 ? zero : product;
    return x > 0 ? x : at_most_zero;
  }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return floating_tile_of<PreluOperation, 2>(output);
  }
};

// The slopes so that they broadcast beside x.
Tensor beside(const Tensor& x, const Tensor& a) {
  if (a.rank() == 0) {
    return a;
  }
  if (a.shape() == Shape{1}) {
    return reshape(a, Shape{});
  }
  if (a.rank() == 1 && x.rank() >= 2 && x.dim(1) == a.dim(0)) {
    std::vector<std::int64_t> lengths(x.rank() - 1, 1);
    lengths[0] = a.dim(0);
    return reshape(a, Shape{lengths});
  }
  throw ShapeError(fmt::format("[prelu] found slopes {}; expected a scalar or one slope per channel, axis 1 of {}",
                               graph::label(a), graph::label(x)));
}

}  // namespace

Tensor prelu(const Tensor& x, const Tensor& a) {
  static const auto operation = std::make_shared<const PreluOperation>();
  const std::array both{ops::require_defined("prelu", x), ops::require_defined("prelu", a)};
  static_cast<void>(ops::require_floating("prelu", both));
  return apply(operation, {x, beside(x, a)});
}

}  // namespace xgrad
