// a^b        ∂a = b a^(b−1), 0 where b = 0;  ∂b = a^b log a; their limits where a = 0, see pow_limit.cpp
#include <cmath>
#include <limits>
#include <optional>
#include <typeinfo>

#include "xgrad/creation.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/elementwise/pow_limit.hpp"
#include "ops/recognise.hpp"
#include "ops/rules.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

// A base or exponent that was given as a number is known to the derivative too, which then needs no guards.
class PowOperation final : public ops::Elementwise {
 public:
  PowOperation(std::optional<double> base, std::optional<double> exponent) : base_{base}, exponent_{exponent} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "pow"; }
  [[nodiscard]] Notation notation() const noexcept override { return {Notation::Form::infix, "^", 4}; }

  [[nodiscard]] std::vector<Attribute> attributes() const override {
    std::vector<Attribute> result;
    if (base_) {
      result.push_back({"base", *base_});
    }
    if (exponent_) {
      result.push_back({"exponent", *exponent_});
    }
    return result;
  }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t i, const Tensor& t) const override {
    const Tensor& a = call.inputs[0];
    const Tensor& b = call.inputs[1];
    if (i == 0 && exponent_) {
      return times_power_rule(*exponent_, a, t);
    }
    if (i == 1 && base_ && *base_ != 0) {
      return chain_mul(t, call.output * std::log(*base_));
    }
    // 1 stands in for the base 0, so that no derivative of any order meets an infinity in the formula.
    const Tensor zero = equal(a, 0.0);
    const Tensor base = where(zero, 1.0, a);
    const Tensor formula = i == 0 ? b * pow(base, guarded(base, b) - 1.0) : pow(base, b) * log(base);
    return chain_mul(t, where(zero, ops::pow_limit(a, b, i == 0 ? 1 : 0, i == 0 ? 0 : 1), formula));
  }

  template <class T>
  static T value(T a, T b) noexcept {
    return std::pow(a, b);
  }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return exponent_ == 2.0 ? run::vector_tile(&run::VectorKernels::square, output)
                            : floating_tile_of<PowOperation, 2>(output);
  }

 private:
  // t ⊙ n a^(n−1)
  static Tensor times_power_rule(double n, const Tensor& a, const Tensor& t) {
    if (n == 0) {
      return zeros_like(a);
    }
    if (n == 1) {
      return t;
    }
    return chain_mul(t, n * (n == 2 ? a : pow(a, n - 1)));
  }

  // b, but 1 where b = 0 and a^(b−1) = 1/a is infinite or NaN: b a^(b−1) would be 0 ∞ there.
  static Tensor guarded(const Tensor& a, const Tensor& b) {
    const double smallest =
        a.dtype() == float32 ? std::numeric_limits<float>::min() : std::numeric_limits<double>::min();
    return where(logical_and(equal(b, 0.0), logical_not(abs(a) >= smallest)), 1.0, b);
  }

  std::optional<double> base_;
  std::optional<double> exponent_;
};

// The number that a tensor of this dtype holds for `value`.
double rounded(double value, DType dtype) noexcept {
  return dtype == float32 ? static_cast<double>(static_cast<float>(value)) : value;
}

}  // namespace

bool ops::is_pow(const Operation& operation) noexcept {
  return typeid(operation) == typeid(PowOperation);
}

Tensor pow(const Tensor& a, const Tensor& b) {
  static const auto operation = std::make_shared<const PowOperation>(std::nullopt, std::nullopt);
  return apply(operation, {a, b});
}

Tensor pow(const Tensor& a, double b) {
  const Tensor exponent = ops::scalar_beside("pow", b, a);
  return apply(std::make_shared<const PowOperation>(std::nullopt, rounded(b, a.dtype())), {a, exponent});
}

Tensor pow(double a, const Tensor& b) {
  const Tensor base = ops::scalar_beside("pow", a, b);
  return apply(std::make_shared<const PowOperation>(rounded(a, b.dtype()), std::nullopt), {base, b});
}

}  // namespace xgrad
