#include "ops/pooling/fold.hpp"

#include <algorithm>
#include <type_traits>
#include <vector>

#include "ops/pooling/window_rule.hpp"
#include "ops/rules.hpp"
#include "run/threads.hpp"

namespace xgrad::ops {

namespace {

std::int64_t product(const Fold::Axes& axes) noexcept {
  return axes[0] * axes[1] * axes[2];
}

template <class Sum, class T>
void add(Sum& to, T from) noexcept {
  if constexpr (std::is_integral_v<T>) {
    to = wrapping_add(to, from);
  } else {
    to += static_cast<Sum>(from);
  }
}

// The windows of one row, of which the first element of the first one goes to y[0]. Element by element of the kernel,
// so that the loop inside is over all windows.
template <class T, class Sum>
void add_row(const T* x, const Fold& axes, Sum* y) {
  const auto& [size, windows, kernel, stride, dilation] = axes;
  const std::int64_t each = product(kernel);
  const std::int64_t step = stride[2];
  const std::int64_t count = windows[2];
  for (std::int64_t a = 0; a < kernel[0]; ++a) {
    for (std::int64_t b = 0; b < kernel[1]; ++b) {
      for (std::int64_t c = 0; c < kernel[2]; ++c, ++x) {
        Sum* to = y + (a * dilation[0] * size[1] + b * dilation[1]) * size[2] + c * dilation[2];
        for (std::int64_t j = 0; j < count; ++j) {
          add(to[j * step], x[j * each]);
        }
      }
    }
  }
}

template <class T, class Sum>
void fold_plane(const T* x, const Fold& axes, Sum* y) {
  const auto& [size, windows, kernel, stride, dilation] = axes;
  for (std::int64_t a = 0; a < windows[0]; ++a) {
    for (std::int64_t b = 0; b < windows[1]; ++b, x += windows[2] * product(kernel)) {
      add_row(x, axes, y + (a * stride[0] * size[1] + b * stride[1]) * size[2]);
    }
  }
}

}  // namespace

template <class T>
void fold(const T* x, std::int64_t planes, const Fold& axes, T* y) {
  const std::int64_t inputs = product(axes.windows) * product(axes.kernel);
  const std::int64_t outputs = product(axes.size);
  run::parallel_for(planes, planes_per_piece(inputs + outputs), [&](std::int64_t begin, std::int64_t end) {
    if constexpr (std::is_same_v<T, float>) {
      std::vector<double> sums(static_cast<std::size_t>(outputs));
      for (std::int64_t i = begin; i < end; ++i) {
        std::fill(sums.begin(), sums.end(), 0.0);
        fold_plane(x + i * inputs, axes, sums.data());
        std::transform(sums.begin(), sums.end(), y + i * outputs, [](double sum) { return static_cast<float>(sum); });
      }
    } else {
      std::fill(y + begin * outputs, y + end * outputs, T{0});
      for (std::int64_t i = begin; i < end; ++i) {
        fold_plane(x + i * inputs, axes, y + i * outputs);
      }
    }
  });
}

template void fold<float>(const float*, std::int64_t, const Fold&, float*);
template void fold<double>(const double*, std::int64_t, const Fold&, double*);
template void fold<std::int64_t>(const std::int64_t*, std::int64_t, const Fold&, std::int64_t*);

}  // namespace xgrad::ops
