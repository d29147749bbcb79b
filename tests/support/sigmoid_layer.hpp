#pragma once

#include <cstdint>

#include "xgrad/xgrad.hpp"

namespace xgrad::test {

/// z = x Wᵀ, a = σ(z), Loss = ½ Σ (a − y)², with seven samples; all have names.
struct SigmoidLayer {
  explicit SigmoidLayer(std::uint64_t seed) {
    Random random{seed};
    W = Parameter{random.normal({3, 4}, 0, 1, float64), "W"};
    x = random.normal({7, 4}, 0, 1, float64).eval().named("x");
    y = random.uniform({7, 3}, 0, 1, float64).eval().named("y");
  }

  [[nodiscard]] Tensor loss() const {
    const Tensor a = sigmoid(matmul(x, transpose(W.value())).named("z")).named("a");
    return 0.5 * sum(square(a - y));
  }

  Parameter W;
  Tensor x;
  Tensor y;
};

}  // namespace xgrad::test
