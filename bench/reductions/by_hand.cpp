#include <algorithm>
#include <cmath>

#include "../support/vector_math.hpp"
#include "workload.hpp"

namespace bench::reductions {

namespace {

float max_of(const float* x, std::size_t size) noexcept {
  float largest = x[0];
  for (std::size_t i = 0; i < size; ++i) {
    largest = x[i] > largest ? x[i] : largest;
  }
  return largest;
}

// Eight floats at any address.
using Pack [[gnu::vector_size(32), gnu::aligned(4), gnu::may_alias]] = float;

const Pack& pack(const float* x) noexcept {
  return *reinterpret_cast<const Pack*>(x);
}

// Four sums side by side, so that one addition needn't wait for another.
float sum_of(const float* x, std::size_t size) noexcept {
  Pack s0{};
  Pack s1{};
  Pack s2{};
  Pack s3{};
  std::size_t i = 0;
  for (; i + 32 <= size; i += 32) {
    s0 += pack(x + i);
    s1 += pack(x + i + 8);
    s2 += pack(x + i + 16);
    s3 += pack(x + i + 24);
  }
  for (; i + 8 <= size; i += 8) {
    s0 += pack(x + i);
  }
  s0 = (s0 + s1) + (s2 + s3);
  float sum = ((s0[0] + s0[4]) + (s0[1] + s0[5])) + ((s0[2] + s0[6]) + (s0[3] + s0[7]));
  for (; i < size; ++i) {
    sum += x[i];
  }
  return sum;
}

float sum_of_exp(const float* x, float shift, std::size_t size) noexcept {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::size_t i = 0; i < size; ++i) {
    sum += vector_exp(x[i] - shift);
  }
  return sum;
}

void softmax(const float* __restrict x, float* __restrict y, std::size_t size) noexcept {
  const float shift = max_of(x, size);
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::size_t i = 0; i < size; ++i) {
    y[i] = vector_exp(x[i] - shift);
    sum += y[i];
  }
  const float scale = 1.0F / sum;
  for (std::size_t i = 0; i < size; ++i) {
    y[i] *= scale;
  }
}

float logsumexp(const float* x, std::size_t size) noexcept {
  const float shift = max_of(x, size);
  return shift + std::log(sum_of_exp(x, shift, size));
}

void log_softmax(const float* __restrict x, float* __restrict y, std::size_t size) noexcept {
  const float shift = logsumexp(x, size);
  for (std::size_t i = 0; i < size; ++i) {
    y[i] = x[i] - shift;
  }
}

// Four rows at a time, so that y is read and written a quarter as often.
void add_rows(const float* __restrict x, float* __restrict y, std::size_t rows, std::size_t columns) noexcept {
  std::fill(y, y + columns, 0.0F);
  std::size_t i = 0;
  for (; i + 4 <= rows; i += 4, x += 4 * columns) {
    for (std::size_t j = 0; j < columns; ++j) {
      y[j] += (x[j] + x[columns + j]) + (x[2 * columns + j] + x[3 * columns + j]);
    }
  }
  for (; i < rows; ++i, x += columns) {
    for (std::size_t j = 0; j < columns; ++j) {
      y[j] += x[j];
    }
  }
}

// In blocks whose sums are added in double: as right as it is fast.
float sum_of_all(const float* x, std::size_t size) noexcept {
  constexpr std::size_t block = 4096;
  double sum = 0;
  for (std::size_t first = 0; first < size; first += block) {
    sum += static_cast<double>(sum_of(x + first, std::min(block, size - first)));
  }
  return static_cast<float>(sum);
}

// Likewise.
float distance(const float* __restrict x, const float* __restrict y, std::size_t size) noexcept {
  constexpr std::size_t block = 4096;
  double squares = 0;
  for (std::size_t first = 0; first < size; first += block) {
    const std::size_t last = std::min(first + block, size);
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::size_t i = first; i < last; ++i) {
      sum += (x[i] - y[i]) * (x[i] - y[i]);
    }
    squares += static_cast<double>(sum);
  }
  return static_cast<float>(std::sqrt(squares));
}

class ByHand final : public Contender {
 public:
  explicit ByHand(const Workload& workload)
      : operation_{workload.operation},
        rows_{static_cast<std::size_t>(workload.rows)},
        columns_{static_cast<std::size_t>(workload.columns)},
        x_{workload.x},
        other_{workload.y},
        y_(static_cast<std::size_t>(result_size(workload))) {}

  void run() override {
    const float* x = x_.data();
    float* y = y_.data();
    switch (operation_) {
      case Operation::softmax:
        for (std::size_t i = 0; i < rows_; ++i) {
          softmax(x + i * columns_, y + i * columns_, columns_);
        }
        break;
      case Operation::log_softmax:
        for (std::size_t i = 0; i < rows_; ++i) {
          log_softmax(x + i * columns_, y + i * columns_, columns_);
        }
        break;
      case Operation::logsumexp:
        for (std::size_t i = 0; i < rows_; ++i) {
          y[i] = logsumexp(x + i * columns_, columns_);
        }
        break;
      case Operation::sum:
        y[0] = sum_of_all(x, x_.size());
        break;
      case Operation::sum_axis_0:
        add_rows(x, y, rows_, columns_);
        break;
      case Operation::distance:
        y[0] = distance(x, other_.data(), x_.size());
        break;
      case Operation::sum_axis_1:
        for (std::size_t i = 0; i < rows_; ++i) {
          y[i] = sum_of(x + i * columns_, columns_);
        }
        break;
    }
  }

  [[nodiscard]] Floats result() const override { return y_; }

 private:
  Operation operation_;
  std::size_t rows_;
  std::size_t columns_;
  Floats x_;
  Floats other_;
  Floats y_;
};

}  // namespace

std::unique_ptr<Contender> by_hand(const Workload& workload) {
  return std::make_unique<ByHand>(workload);
}

}  // namespace bench::reductions
