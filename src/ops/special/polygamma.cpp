// ψ⁽ⁿ⁾(x), the derivative of order n of digamma        ∂ = ψ⁽ⁿ⁺¹⁾
#include <array>
#include <cstdint>
#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/math.hpp"
#include "xgrad/special.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/rules.hpp"
#include "ops/special/gamma.hpp"

namespace xgrad {

namespace {

class PolygammaOperation final : public ops::Elementwise {
 public:
  explicit PolygammaOperation(std::int64_t order) : order_{order} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "polygamma"; }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return {{"order", order_}}; }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return chain_mul(t, polygamma(order_ + 1, call.inputs[0]));
  }

  template <class T>
  [[nodiscard]] T value(T x) const noexcept {
    return static_cast<T>(ops::polygamma_of(order_, static_cast<double>(x)));
  }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return floating_tile_of<PolygammaOperation>(output);
  }

 private:
  std::int64_t order_;
};

}  // namespace

Tensor polygamma(std::int64_t order, const Tensor& x) {
  constexpr std::int64_t largest = 1000;  // of larger ones the parts don't fit into a long double
  const std::array input{ops::require_defined("polygamma", x)};
  static_cast<void>(ops::require_floating("polygamma", input));
  if (order < 0 || order > largest) {
    throw ValueError(fmt::format("[polygamma] found the order {}; expected one from 0 to {}", order, largest));
  }
  return order == 0 ? digamma(x) : apply(std::make_shared<const PolygammaOperation>(order), {x});
}

}  // namespace xgrad
