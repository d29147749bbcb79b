// sinc x = sin(πx) / (πx), and its derivatives        ∂ of the derivative of order n: that of order n + 1
#include <cmath>
#include <cstdint>
#include <numbers>

#include "xgrad/math.hpp"
#include "xgrad/special.hpp"

#include "ops/elementwise/elementwise.hpp"

namespace xgrad {

namespace {

using Wide = long double;

constexpr Wide pi = std::numbers::pi_v<Wide>;

// sin(πx + nπ/2), exactly 0 where it is.
Wide shifted_sine(Wide x, std::int64_t n) noexcept {
  const Wide whole = std::nearbyint(x);
  const Wide turn = x - whole;
  const bool even = std::fmod(whole, Wide{2}) == 0;
  const Wide y = std::sin(pi * (n % 2 == 0 ? turn : 0.5L - std::abs(turn)));
  return even == (n % 4 < 2) ? y : -y;
}

// By x f⁽ⁿ⁾ + n f⁽ⁿ⁻¹⁾ = πⁿ⁻¹ sin(πx + nπ/2), which loses no digits where πx > n.
Wide by_recurrence(std::int64_t n, Wide x) noexcept {
  Wide y = shifted_sine(x, 0) / (pi * x);
  Wide power = 1;
  for (std::int64_t j = 1; j <= n; ++j) {
    y = (power * shifted_sine(x, j) - static_cast<Wide>(j) * y) / x;
    power *= pi;
  }
  return y;
}

// πⁿ Σ (−1)ʲ z²ʲ⁻ⁿ / ((2j − n)! (2j + 1)) over 2j ≥ n, with z = πx.
Wide by_series(std::int64_t n, Wide x) noexcept {
  const Wide z = pi * x;
  const std::int64_t first = (n + 1) / 2;
  auto exponent = static_cast<Wide>(2 * first - n);
  Wide term = first % 2 == 0 ? 1 : -1;
  term = exponent == 0 ? term : term * z;
  Wide sum = 0;
  const Wide negligible = 0x1p-80L * std::abs(term);
  while (std::abs(term) > negligible) {
    sum += term / (exponent + static_cast<Wide>(n + 1));
    term *= -(z / (exponent + 1)) * (z / (exponent + 2));
    exponent += 2;
  }
  for (std::int64_t j = 0; j < n; ++j) {
    sum *= pi;
  }
  return sum;
}

double sinc_of(std::int64_t n, double x) noexcept {
  if (std::isnan(x) || std::isinf(x)) {
    return std::isnan(x) ? x : 0;
  }
  if (n == 0) {
    const double whole = std::nearbyint(x);
    const double sine = std::sin(std::numbers::pi * (x - whole));
    return x == 0 ? 1 : (std::fmod(whole, 2.0) == 0 ? sine : -sine) / (std::numbers::pi * x);
  }
  const Wide size = std::abs(static_cast<Wide>(x));
  const Wide y = pi * size < static_cast<Wide>(n + 1) ? by_series(n, size) : by_recurrence(n, size);
  return static_cast<double>(std::signbit(x) && n % 2 != 0 ? -y : y);
}

class SincOperation final : public ops::Elementwise {
 public:
  explicit SincOperation(std::int64_t order) : order_{order} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "sinc"; }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    return order_ == 0 ? std::vector<Attribute>{} : std::vector<Attribute>{{"order", order_}};
  }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return chain_mul(t, apply(std::make_shared<const SincOperation>(order_ + 1), {call.inputs[0]}));
  }

  template <class T>
  [[nodiscard]] T value(T x) const noexcept {
    return static_cast<T>(sinc_of(order_, static_cast<double>(x)));
  }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return floating_tile_of<SincOperation>(output);
  }

 private:
  std::int64_t order_;
};

}  // namespace

Tensor sinc(const Tensor& x) {
  static const auto operation = std::make_shared<const SincOperation>(0);
  return apply(operation, {x});
}

}  // namespace xgrad
