// softplus(z) − y z, the cross-entropy of σ(z) with y, and its limit at z = ±∞        ∂z = σ(z) − y, ∂y = −z
#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>

#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/forms/forms.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

// As log(1 + e^−|z|) + s z, where s is 1 − y for z > 0 and −y else, and 0 ∞ is 0: for a label of 0 or 1 no digits
// cancel, and at z = ±∞ it is the limit.
template <class T>
void tile_of_loss(const Operation& operation, const void* const* inputs, void* out, std::size_t count) {
  constexpr std::size_t block = 512;
  const auto* z = static_cast<const T*>(inputs[0]);
  const auto* y = static_cast<const T*>(inputs[1]);
  auto* result = static_cast<T*>(out);
  const auto of = [](const run::VectorKernel& kernel) {
    return std::is_same_v<T, float> ? kernel.float32 : kernel.float64;
  };
  const TileKernel softplus_of = of(run::vector_kernels().softplus);
  const TileKernel product_of = of(run::vector_kernels().chain_mul);
  std::array<T, block> soft;  // NOLINT: filled before it is read, as is the other
  std::array<T, block> hard;  // NOLINT
  for (std::size_t start = 0; start < count; start += block) {
    const std::size_t length = std::min(block, count - start);
    const T* zs = z + start;
    const T* ys = y + start;
    for (std::size_t k = 0; k < length; ++k) {
      soft[k] = -std::abs(zs[k]);
      hard[k] = (zs[k] > 0 ? T{1} : T{0}) - ys[k];
    }
    const std::array<const void*, 2> share_and_logit{hard.data(), zs};
    product_of(operation, share_and_logit.data(), hard.data(), length);
    const void* exponents = soft.data();
    softplus_of(operation, &exponents, soft.data(), length);
    for (std::size_t k = 0; k < length; ++k) {
      result[start + k] = soft[k] + hard[k];
    }
  }
}

class LogisticLossOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "logistic_loss"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::logistic_loss; }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t i, const Tensor& t) const override {
    const Tensor& z = call.inputs[0];
    return i == 0 ? chain_mul(t, sigmoid(z) - call.inputs[1]) : -chain_mul(t, z);
  }

  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return output == float32 ? &tile_of_loss<float> : &tile_of_loss<double>;
  }
};

}  // namespace

Tensor ops::logistic_loss(const Tensor& z, const Tensor& y) {
  static const auto operation = std::make_shared<const LogisticLossOperation>();
  return apply(operation, {z, y});
}

}  // namespace xgrad
