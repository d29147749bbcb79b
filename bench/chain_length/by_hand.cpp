#include "by_hand.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace bench::chain_length {

namespace {

template <int Length>
void forward(const float* __restrict x, float* __restrict h, std::size_t size) noexcept {
#pragma omp simd
  for (std::size_t i = 0; i < size; ++i) {
    float value = x[i];
#pragma GCC unroll 64
    for (int k = 0; k < Length; ++k) {
      value = k % 3 == 0 ? value * x[i] : k % 3 == 1 ? x[i] - value : std::abs(value);
    }
    h[i] = value;
  }
}

// Value and slope side by side: |h|′ = ±1.
template <int Length>
float gradient(const float* __restrict x, float* __restrict dx, std::size_t size) noexcept {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::size_t i = 0; i < size; ++i) {
    float value = x[i];
    float slope = 1;
#pragma GCC unroll 64
    for (int k = 0; k < Length; ++k) {
      const float before = value;
      value = k % 3 == 0 ? value * x[i] : k % 3 == 1 ? x[i] - value : std::abs(value);
      slope = k % 3 == 0 ? slope * x[i] + before : k % 3 == 1 ? 1.0F - slope : std::copysign(1.0F, before) * slope;
    }
    sum += value;
    dx[i] = slope;
  }
  return sum;
}

// Calls f<length>().
template <class F>
auto with_length(int length, const F& f) {
  switch (length) {
    case 10:
      return f.template operator()<10>();
    case 20:
      return f.template operator()<20>();
    case 40:
      return f.template operator()<40>();
    default:
      return f.template operator()<63>();
  }
}

}  // namespace

void forward_by_hand(int length, const Floats& x, Floats& h) {
  with_length(length, [&]<int Length>() { forward<Length>(x.data(), h.data(), x.size()); });
}

// Sums of floats in vector lanes, and of these blocks' sums in double.
double gradient_by_hand(int length, const Floats& x, Floats& dx) {
  return with_length(length, [&]<int Length>() {
    constexpr std::size_t block = 4096;
    double sum = 0;
    for (std::size_t first = 0; first < x.size(); first += block) {
      sum +=
          static_cast<double>(gradient<Length>(x.data() + first, dx.data() + first, std::min(block, x.size() - first)));
    }
    return sum;
  });
}

}  // namespace bench::chain_length
