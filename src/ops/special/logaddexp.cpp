// log(e^a + e^b)        ∂a = σ(a − b), ∂b = σ(b − a), both ½ where a = b
#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>

#include "xgrad/math.hpp"
#include "xgrad/special.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/rules.hpp"
#include "ops/special/share.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

// As max(a, b) + log(1 + e^−|a − b|), where a = b is taken for a difference of 0, also of infinities.
template <class T>
void tile_of_sum(const Operation& operation, const void* const* inputs, void* out, std::size_t count) {
  constexpr std::size_t block = 512;
  const auto* a = static_cast<const T*>(inputs[0]);
  const auto* b = static_cast<const T*>(inputs[1]);
  auto* result = static_cast<T*>(out);
  const run::VectorKernel& softplus = run::vector_kernels().softplus;
  const TileKernel softplus_of = std::is_same_v<T, float> ? softplus.float32 : softplus.float64;
  std::array<T, block> rest;  // NOLINT: filled before it is read
  for (std::size_t start = 0; start < count; start += block) {
    const std::size_t length = std::min(block, count - start);
    const T* as = a + start;
    const T* bs = b + start;
    for (std::size_t k = 0; k < length; ++k) {
      rest[k] = as[k] == bs[k] ? T{0} : -std::abs(as[k] - bs[k]);
    }
    const void* differences = rest.data();
    softplus_of(operation, &differences, rest.data(), length);
    for (std::size_t k = 0; k < length; ++k) {
      result[start + k] = (as[k] > bs[k] ? as[k] : bs[k]) + rest[k];
    }
  }
}

class LogaddexpOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "logaddexp"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 2; }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t i, const Tensor& t) const override {
    return chain_mul(t, ops::share(call.inputs[i], call.inputs[1 - i]));
  }

  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return output == float32 ? &tile_of_sum<float> : &tile_of_sum<double>;
  }
};

}  // namespace

Tensor logaddexp(const Tensor& a, const Tensor& b) {
  static const auto operation = std::make_shared<const LogaddexpOperation>();
  return apply(operation, {a, b});
}

Tensor logaddexp(const Tensor& a, double b) {
  return logaddexp(a, ops::scalar_beside("logaddexp", b, a));
}

}  // namespace xgrad
