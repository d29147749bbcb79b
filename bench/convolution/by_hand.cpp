#include <algorithm>
#include <cblas.h>

#include "workload.hpp"

namespace bench::convolution {

namespace {

/// The columns of a whole image as one matrix, and products of it; as most who write it by hand do.
class ByHand final : public Contender {
 public:
  explicit ByHand(const Workload& workload)
      : workload_{workload},
        l_{workload.layer},
        inputs_{l_.in / l_.groups},
        outputs_{l_.out / l_.groups},
        rows_{inputs_ * l_.kernel * l_.kernel},
        size_{l_.result_size() * l_.result_size()},
        columns_(static_cast<std::size_t>(rows_ * size_)),
        y_(workload.g.size()),
        x_cotangent_(workload.x.size()),
        w_cotangent_(workload.w.size()) {}

  void run() override {
    std::fill(x_cotangent_.begin(), x_cotangent_.end(), 0.0F);
    std::fill(w_cotangent_.begin(), w_cotangent_.end(), 0.0F);
    for (std::int64_t i = 0; i < l_.batch * l_.groups; ++i) {
      const float* x = workload_.x.data() + i * inputs_ * l_.size * l_.size;
      const float* w = workload_.w.data() + i % l_.groups * outputs_ * rows_;
      const float* g = workload_.g.data() + i * outputs_ * size_;
      const auto m = static_cast<int>(outputs_);
      const auto n = static_cast<int>(size_);
      const auto k = static_cast<int>(rows_);
      unfold(x);
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1.0F, w, k, columns_.data(), n, 0.0F,
                  y_.data() + i * outputs_ * size_, n);
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, k, n, 1.0F, g, n, columns_.data(), n, 1.0F,
                  w_cotangent_.data() + i % l_.groups * outputs_ * rows_, k);
      cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, k, n, m, 1.0F, w, k, g, n, 0.0F, columns_.data(), n);
      fold(x_cotangent_.data() + i * inputs_ * l_.size * l_.size);
    }
  }

  [[nodiscard]] Floats y() const override { return y_; }
  [[nodiscard]] Floats x_cotangent() const override { return x_cotangent_; }
  [[nodiscard]] Floats w_cotangent() const override { return w_cotangent_; }

 private:
  // f(offset in the image, first column, last column) for each row of the matrix and of the image.
  template <class F>
  void for_each_row(F f) const {
    const std::int64_t size = l_.result_size();
    for (std::int64_t r = 0; r < rows_; ++r) {
      const std::int64_t channel = r / (l_.kernel * l_.kernel);
      const std::int64_t down = r / l_.kernel % l_.kernel - l_.padding;
      const std::int64_t across = r % l_.kernel - l_.padding;
      const std::int64_t first = across >= 0 ? 0 : (-across + l_.stride - 1) / l_.stride;
      const std::int64_t last = std::max(first, std::min(size, (l_.size - 1 - across) / l_.stride + 1));
      for (std::int64_t row = 0; row < size; ++row) {
        const std::int64_t from = row * l_.stride + down;
        const bool inside = from >= 0 && from < l_.size;
        f((r * size + row) * size, (channel * l_.size + from) * l_.size + across, first, inside ? last : first);
      }
    }
  }

  void unfold(const float* __restrict x) {
    const std::int64_t size = l_.result_size();
    for_each_row([&](std::int64_t to, std::int64_t from, std::int64_t first, std::int64_t last) {
      float* __restrict row = columns_.data() + to;
      std::fill(row, row + first, 0.0F);
      for (std::int64_t i = first; i < last; ++i) {
        row[i] = x[from + i * l_.stride];
      }
      std::fill(row + last, row + size, 0.0F);
    });
  }

  void fold(float* __restrict x) const {
    for_each_row([&](std::int64_t from, std::int64_t to, std::int64_t first, std::int64_t last) {
      const float* __restrict row = columns_.data() + from;
      for (std::int64_t i = first; i < last; ++i) {
        x[to + i * l_.stride] += row[i];
      }
    });
  }

  const Workload& workload_;
  const Layer& l_;
  std::int64_t inputs_;
  std::int64_t outputs_;
  std::int64_t rows_;
  std::int64_t size_;
  Floats columns_;
  Floats y_;
  Floats x_cotangent_;
  Floats w_cotangent_;
};

}  // namespace

std::unique_ptr<Contender> by_hand(const Workload& workload) {
  return std::make_unique<ByHand>(workload);
}

}  // namespace bench::convolution
