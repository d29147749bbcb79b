// lim a↓0 of ∂ᵐ⁺ⁿ aᵇ / ∂aᵐ ∂bⁿ = a^(b−m) Σ_k (n over k) P⁽ⁿ⁻ᵏ⁾(b) (log a)ᵏ,   P(b) = b (b − 1) … (b − m + 1)
// As log a → −∞ the highest power of it that is there decides: its factor is P(b), or P′(b) where P(b) = 0.
#include "ops/elementwise/pow_limit.hpp"

#include <cmath>
#include <limits>

#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"

namespace xgrad {

namespace {

class PowLimitOperation final : public ops::Elementwise {
 public:
  PowLimitOperation(std::int64_t by_base, std::int64_t by_exponent) : by_base_{by_base}, by_exponent_{by_exponent} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "pow_limit"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 2; }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    return {{"by_base", by_base_}, {"by_exponent", by_exponent_}};
  }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t i, const Tensor& t) const override {
    return t *
           ops::pow_limit(call.inputs[0], call.inputs[1], by_base_ + (i == 0 ? 1 : 0), by_exponent_ + (i == 1 ? 1 : 0));
  }

  template <class T>
  static void run(const Operation& operation, const void* const* inputs, void* out, std::size_t count) {
    const auto& self = static_cast<const PowLimitOperation&>(operation);
    const T* a = static_cast<const T*>(inputs[0]);
    const T* b = static_cast<const T*>(inputs[1]);
    T* result = static_cast<T*>(out);
    for (std::size_t k = 0; k < count; ++k) {
      result[k] = a[k] == 0 ? self.limit(a[k], b[k]) : T{0};
    }
  }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return output == float32 ? run<float> : run<double>;
  }

 private:
  template <class T>
  [[nodiscard]] T limit(T zero, T b) const noexcept {
    T factor = 1;  // P(b)
    T slope = 0;   // P′(b)
    for (std::int64_t j = 0; j < by_base_; ++j) {
      const T root = b - static_cast<T>(j);
      slope = slope * root + factor;
      factor *= root;
    }
    std::int64_t logarithms = by_exponent_;
    if (factor == 0) {
      if (logarithms == 0) {
        return 0;
      }
      factor = slope;
      --logarithms;
    }
    const T exponent = b - static_cast<T>(by_base_);
    const bool constant = by_base_ == 0 && exponent == 0;
    if (constant && by_exponent_ > 0) {
      return 0;
    }
    const T power = std::pow(zero, exponent);
    if (logarithms == 0 || exponent > 0) {
      return factor * power;
    }
    const T sign = logarithms % 2 == 0 ? T{1} : T{-1};
    return std::copysign(std::numeric_limits<T>::infinity(), factor) * sign * power;
  }

  std::int64_t by_base_;
  std::int64_t by_exponent_;
};

}  // namespace

Tensor ops::pow_limit(const Tensor& a, const Tensor& b, std::int64_t by_base, std::int64_t by_exponent) {
  return apply(std::make_shared<const PowLimitOperation>(by_base, by_exponent), {a, b});
}

}  // namespace xgrad
