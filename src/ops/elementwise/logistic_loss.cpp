// softplus(z) − y z, the cross-entropy of σ(z) with y, and its limit at z = ±∞        ∂z = σ(z) − y, ∂y = −z
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <typeinfo>

#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/forms/forms.hpp"
#include "ops/recognise.hpp"
#include "run/isa.hpp"

namespace xgrad {

namespace {

// (1 − y) ∞ or y ∞, where 0 ∞ is 0.
template <class T>
T at_infinity(T z, T y) noexcept {
  const T share = z > 0 ? 1 - y : -y;
  return share == 0 ? T{0} : share * z;
}

template <class T>
void tile_of_loss(const Operation& operation, const void* const* inputs, void* out, std::size_t count) {
  constexpr std::size_t block = 256;
  const auto* z = static_cast<const T*>(inputs[0]);
  const auto* y = static_cast<const T*>(inputs[1]);
  auto* result = static_cast<T*>(out);
  const auto kernel = run::vector_kernels().softplus;
  const TileKernel softplus_of = sizeof(T) == sizeof(float) ? kernel.float32 : kernel.float64;
  std::array<T, block> soft;  // NOLINT: filled before it is read
  for (std::size_t start = 0; start < count; start += block) {
    const std::size_t length = std::min(block, count - start);
    const void* const argument = z + start;
    softplus_of(operation, &argument, soft.data(), length);
    int infinite = 0;
    for (std::size_t k = 0; k < length; ++k) {
      const T at = z[start + k];
      soft[k] -= y[start + k] * at;
      infinite |= static_cast<int>(std::abs(at) > std::numeric_limits<T>::max());
    }
    for (std::size_t k = 0; infinite != 0 && k < length; ++k) {
      soft[k] = std::isinf(z[start + k]) ? at_infinity(z[start + k], y[start + k]) : soft[k];
    }
    std::copy_n(soft.data(), length, result + start);
  }
}

class LogisticLossOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "logistic_loss"; }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t i, const Tensor& t) const override {
    const Tensor& z = call.inputs[0];
    return i == 0 ? chain_mul(t, sigmoid(z) - call.inputs[1]) : -chain_mul(t, z);
  }

  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return output == float32 ? &tile_of_loss<float> : &tile_of_loss<double>;
  }
};

}  // namespace

bool ops::is_logistic_loss(const Operation& operation) noexcept {
  return typeid(operation) == typeid(LogisticLossOperation);
}

Tensor ops::logistic_loss(const Tensor& z, const Tensor& y) {
  static const auto operation = std::make_shared<const LogisticLossOperation>();
  return apply(operation, {z, y});
}

}  // namespace xgrad
