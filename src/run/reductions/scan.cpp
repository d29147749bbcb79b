#include "run/reductions/scan.hpp"

#include <algorithm>
#include <array>
#include <type_traits>

#include "run/reductions/folds.hpp"

namespace xgrad::run {

namespace {

// Where the sums start, and where the next ones are.
struct Walk {
  std::int64_t first;
  std::int64_t step;
  std::int64_t length;
};

template <class T>
void running_sums(const T* x, const Walk& walk, std::int64_t width, T* out) {
  std::copy_n(x + walk.first, width, out + walk.first);
  std::int64_t previous = walk.first;
  for (std::int64_t j = 1; j < walk.length; ++j) {
    const std::int64_t current = previous + walk.step;
    for (std::int64_t i = 0; i < width; ++i) {
      out[current + i] = Sum<T>::combine(out[previous + i], x[current + i]);
    }
    previous = current;
  }
}

// float32 is added up in double, for as many columns at a time as stay in the nearest cache.
void wide_running_sums(const float* x, const Walk& walk, std::int64_t width, float* out) {
  constexpr std::int64_t tile = 1024;
  std::array<double, static_cast<std::size_t>(tile)> sums;  // NOLINT: filled before it is read
  for (std::int64_t start = 0; start < width; start += tile) {
    const std::int64_t count = std::min(tile, width - start);
    std::fill_n(sums.data(), count, -0.0);  // so that a first −0 stays
    const std::int64_t at = walk.first + start;
    row_kernels<float>().running_sums(sums.data(), x + at, out + at, static_cast<std::size_t>(walk.length),
                                      static_cast<std::size_t>(count), walk.step);
  }
}

// The same with one column, whose sum stays in a register.
void running_sum(const float* x, const Walk& walk, float* out) {
  double sum = -0.0;
  std::int64_t at = walk.first;
  for (std::int64_t j = 0; j < walk.length; ++j, at += walk.step) {
    sum += static_cast<double>(x[at]);
    out[at] = static_cast<float>(sum);
  }
}

}  // namespace

template <class T>
void cumulative_sum(const T* x, const AxisView& view, bool reverse, T* out) {
  if (view.length == 0) {
    return;
  }
  const Walk walk{reverse ? (view.length - 1) * view.inner : 0, reverse ? -view.inner : view.inner, view.length};
  for (std::int64_t o = 0; o < view.outer; ++o, x += view.length * view.inner, out += view.length * view.inner) {
    if constexpr (std::is_same_v<T, float>) {
      if (view.inner == 1) {
        running_sum(x, walk, out);
        continue;
      }
      if (view.length > exact_terms) {
        wide_running_sums(x, walk, view.inner, out);
        continue;
      }
    }
    running_sums(x, walk, view.inner, out);
  }
}

template void cumulative_sum<float>(const float*, const AxisView&, bool, float*);
template void cumulative_sum<double>(const double*, const AxisView&, bool, double*);
template void cumulative_sum<std::int64_t>(const std::int64_t*, const AxisView&, bool, std::int64_t*);

}  // namespace xgrad::run
