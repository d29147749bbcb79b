#include <cmath>

#include "workload.hpp"

namespace bench::optimizer {

namespace {

// The loss in blocks, whose sums are added in double.
double update(float* __restrict w, float* __restrict m, float* __restrict v, const float* __restrict t,
              std::size_t size, float correction1, float correction2) noexcept {
  constexpr std::size_t block = 4096;
  constexpr auto b1 = static_cast<float>(beta1);
  constexpr auto b2 = static_cast<float>(beta2);
  double loss = 0;
  for (std::size_t first = 0; first < size; first += block) {
    const std::size_t last = first + block < size ? first + block : size;
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::size_t i = first; i < last; ++i) {
      const float g = w[i] - t[i];
      sum += g * g;
      m[i] = b1 * m[i] + (1 - b1) * g;
      v[i] = b2 * v[i] + (1 - b2) * g * g;
      w[i] -= static_cast<float>(learning_rate) * (m[i] * correction1) /
              (std::sqrt(v[i] * correction2) + static_cast<float>(epsilon));
    }
    loss += static_cast<double>(sum);
  }
  return 0.5 * loss;
}

class ByHand final : public Contender {
 public:
  explicit ByHand(const Workload& workload)
      : w_{workload.w}, t_{workload.t}, m_(workload.w.size()), v_(workload.w.size()) {}

  float step() override {
    ++steps_;
    return static_cast<float>(update(w_.data(), m_.data(), v_.data(), t_.data(), w_.size(),
                                     static_cast<float>(1 / (1 - std::pow(beta1, steps_))),
                                     static_cast<float>(1 / (1 - std::pow(beta2, steps_)))));
  }

  [[nodiscard]] Floats weights() const override { return w_; }

 private:
  Floats w_;
  Floats t_;
  Floats m_;
  Floats v_;
  int steps_ = 0;
};

}  // namespace

std::unique_ptr<Contender> by_hand(const Workload& workload) {
  return std::make_unique<ByHand>(workload);
}

}  // namespace bench::optimizer
