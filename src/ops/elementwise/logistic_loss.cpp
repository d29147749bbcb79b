// softplus(z) − y z, the cross-entropy of σ(z) with y, and its limit at z = ±∞        ∂z = σ(z) − y, ∂y = −z
#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>
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

// Whether a number is infinite or NaN.
template <class T>
bool any_special(const T* x, std::size_t count) noexcept {
  constexpr std::size_t lanes = 16;
  std::array<T, lanes> zeros{};  // NaN from the first such number on
  std::size_t k = 0;
  for (; k + lanes <= count; k += lanes) {
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      zeros[lane] += x[k + lane] * T{0};
    }
  }
  for (; k < count; ++k) {
    zeros[0] += x[k] * T{0};
  }
  return std::any_of(zeros.begin(), zeros.end(), [](T zero) { return std::isnan(zero); });
}

// As log(1 + e^−|z|) + (max(z, 0) − y z): for a label of 0 or 1 no digits cancel.
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
  std::array<T, block> loss;  // NOLINT: filled before it is read
  for (std::size_t start = 0; start < count; start += block) {
    const std::size_t length = std::min(block, count - start);
    const T* zs = z + start;
    const T* ys = y + start;
    for (std::size_t k = 0; k < length; ++k) {
      loss[k] = -std::abs(zs[k]);
    }
    const void* exponents = loss.data();
    softplus_of(operation, &exponents, loss.data(), length);
    for (std::size_t k = 0; k < length; ++k) {
      loss[k] += (zs[k] > 0 ? zs[k] : T{0}) - ys[k] * zs[k];
    }
    if (any_special(zs, length)) {
      for (std::size_t k = 0; k < length; ++k) {
        loss[k] = std::isinf(zs[k]) ? at_infinity(zs[k], ys[k]) : loss[k];
      }
    }
    std::copy_n(loss.data(), length, result + start);
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
