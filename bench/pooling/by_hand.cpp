#include <algorithm>
#include <cstdint>
#include <vector>

#include "workload.hpp"

namespace bench::pooling {

namespace {

class ByHand final : public Contender {
 public:
  explicit ByHand(const Workload& workload)
      : kind_{workload.kind},
        planes_{static_cast<std::size_t>(workload.images * workload.channels)},
        side_{static_cast<std::size_t>(workload.side)},
        x_{workload.x},
        g_{workload.cotangent},
        y_(g_.size()),
        dx_(x_.size()),
        where_(g_.size()) {}

  void run() override {
    if (kind_ == Kind::max) {
      largest();
      std::fill(dx_.begin(), dx_.end(), 0.0F);
      for (std::size_t j = 0; j < g_.size(); ++j) {
        dx_[where_[j]] += g_[j];
      }
    } else {
      average();
    }
  }

  [[nodiscard]] Floats value() const override { return y_; }
  [[nodiscard]] Floats gradient() const override { return dx_; }

 private:
  void largest() {
    const std::size_t half = side_ / 2;
    for (std::size_t row = 0; row < planes_ * half; ++row) {
      for (std::size_t column = 0; column < half; ++column) {
        const std::size_t first = row * 2 * side_ + column * 2;
        std::size_t best = first;
        for (const std::size_t at : {first + 1, first + side_, first + side_ + 1}) {
          best = x_[at] > x_[best] ? at : best;
        }
        y_[row * half + column] = x_[best];
        where_[row * half + column] = static_cast<std::uint32_t>(best);
      }
    }
  }

  void average() {
    const std::size_t half = side_ / 2;
    for (std::size_t row = 0; row < planes_ * half; ++row) {
      const float* above = x_.data() + row * 2 * side_;
      const float* below = above + side_;
      float* to_above = dx_.data() + row * 2 * side_;
      float* to_below = to_above + side_;
      const float* g = g_.data() + row * half;
      float* y = y_.data() + row * half;
      for (std::size_t i = 0; i < half; ++i) {
        y[i] = 0.25F * ((above[2 * i] + above[2 * i + 1]) + (below[2 * i] + below[2 * i + 1]));
        const float share = 0.25F * g[i];
        to_above[2 * i] = share;
        to_above[2 * i + 1] = share;
        to_below[2 * i] = share;
        to_below[2 * i + 1] = share;
      }
    }
  }

  Kind kind_;
  std::size_t planes_;
  std::size_t side_;
  Floats x_;
  Floats g_;
  Floats y_;
  Floats dx_;
  std::vector<std::uint32_t> where_;
};

}  // namespace

std::unique_ptr<Contender> by_hand(const Workload& workload) {
  return std::make_unique<ByHand>(workload);
}

}  // namespace bench::pooling
