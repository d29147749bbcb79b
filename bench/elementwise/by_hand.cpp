#include <algorithm>

#include "../support/vector_math.hpp"
#include "workload.hpp"

namespace bench::elementwise {

namespace {

// Sums of floats in vector lanes, and of these blocks' sums in double: as right as it is fast.
constexpr std::size_t block = 4096;

class ByHand final : public Contender {
 public:
  explicit ByHand(const Floats& x) : x_{x}, y_(x.size()), dx_(x.size()) {}

  void forward() override {
    const float* __restrict x = x_.data();
    float* __restrict y = y_.data();
    const std::size_t size = x_.size();
#pragma omp simd
    for (std::size_t i = 0; i < size; ++i) {
      y[i] = vector_sigmoid(a * x[i] + b) * vector_tanh(c * x[i]) + vector_exp(-x[i] * x[i]);
    }
  }

  void gradient() override {
    sum_ = 0;
    for (std::size_t first = 0; first < x_.size(); first += block) {
      sum_ +=
          static_cast<double>(gradient_of(x_.data() + first, dx_.data() + first, std::min(block, x_.size() - first)));
    }
  }

  [[nodiscard]] Floats y() const override {
    return y_;
  }
  [[nodiscard]] double sum() const override {
    return sum_;
  }
  [[nodiscard]] Floats dx() const override {
    return dx_;
  }

 private:
  static float gradient_of(const float* __restrict x, float* __restrict dx, std::size_t size) noexcept {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::size_t i = 0; i < size; ++i) {
      const float s = vector_sigmoid(a * x[i] + b);
      const float t = vector_tanh(c * x[i]);
      const float e = vector_exp(-x[i] * x[i]);
      sum += s * t + e;
      dx[i] = s * (a * (1.0F - s) * t + c * (1.0F - t * t)) - 2.0F * x[i] * e;
    }
    return sum;
  }

  Floats x_;
  Floats y_;
  Floats dx_;
  double sum_ = 0;
};

}  // namespace

std::unique_ptr<Contender> by_hand(const Floats& x) {
  return std::make_unique<ByHand>(x);
}

}  // namespace bench::elementwise
