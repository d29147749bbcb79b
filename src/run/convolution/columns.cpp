#include "run/convolution/columns.hpp"

#include <algorithm>

namespace xgrad::run {

namespace {

/// A part of a row of outputs, as one tap sees it: outputs [first, last) read elements `stride` apart, from offset
/// `element` of the channel on; those before and after, up to `length`, read none.
struct Segment {
  std::int64_t length;
  std::int64_t first;
  std::int64_t last;
  std::int64_t element;
};

// f(segment) for the parts of rows that the outputs [begin, end) are.
template <class F>
void for_each_segment(const Convolution& c, const std::array<std::int64_t, 3>& tap, std::int64_t begin,
                      std::int64_t end, F f) {
  const auto& [deep, high, wide] = c.axes;
  const Reach reach = reach_of(wide, tap[2]);
  const std::int64_t shift = tap[2] * wide.dilation - wide.before;
  std::int64_t w = begin % wide.out;
  std::int64_t h = begin / wide.out % high.out;
  std::int64_t d = begin / wide.out / high.out;
  for (std::int64_t at = begin; at < end;) {
    const std::int64_t length = std::min(wide.out - w, end - at);
    const std::int64_t row = h * high.stride - high.before + tap[1] * high.dilation;
    const std::int64_t plane = d * deep.stride - deep.before + tap[0] * deep.dilation;
    const bool inside = row >= 0 && row < high.in && plane >= 0 && plane < deep.in;
    const std::int64_t first = inside ? std::clamp(reach.first - w, std::int64_t{0}, length) : length;
    const std::int64_t last = inside ? std::clamp(reach.last - w, first, length) : length;
    f(Segment{length, first, last, (plane * high.in + row) * wide.in + (w + first) * wide.stride + shift});
    at += length;
    w = 0;
    if (++h == high.out) {
      h = 0;
      ++d;
    }
  }
}

// f(channel, tap) in the order of the matrix' rows.
template <class F>
void for_each_row(const Convolution& c, std::int64_t channels, F f) {
  for (std::int64_t channel = 0; channel < channels; ++channel) {
    for (std::int64_t d = 0; d < c.axes[0].kernel; ++d) {
      for (std::int64_t h = 0; h < c.axes[1].kernel; ++h) {
        for (std::int64_t w = 0; w < c.axes[2].kernel; ++w) {
          f(channel, std::array{d, h, w});
        }
      }
    }
  }
}

// Short, mostly: a call of memcpy costs more.
template <class T>
T* copy_steps(const T* from, std::int64_t step, std::int64_t count, T* to) noexcept {
  if (step == 1) {
    for (std::int64_t i = 0; i < count; ++i) {
      to[i] = from[i];
    }
  } else {
    for (std::int64_t i = 0; i < count; ++i) {
      to[i] = from[i * step];
    }
  }
  return to + count;
}

}  // namespace

template <class T>
void to_columns(const Convolution& c, const T* x, std::int64_t channels, std::int64_t begin, std::int64_t end,
                T* matrix) noexcept {
  const std::int64_t size = c.in_size();
  const std::int64_t stride = c.axes[2].stride;
  for_each_row(c, channels, [&](std::int64_t channel, const std::array<std::int64_t, 3>& tap) {
    const T* from = x + channel * size;
    for_each_segment(c, tap, begin, end, [&](const Segment& segment) {
      matrix = std::fill_n(matrix, segment.first, T{0});
      matrix = copy_steps(from + segment.element, stride, segment.last - segment.first, matrix);
      matrix = std::fill_n(matrix, segment.length - segment.last, T{0});
    });
  });
}

template <class T>
void add_columns(const Convolution& c, const T* matrix, std::int64_t channels, std::int64_t begin, std::int64_t end,
                 T* x) noexcept {
  const std::int64_t size = c.in_size();
  const std::int64_t stride = c.axes[2].stride;
  for_each_row(c, channels, [&](std::int64_t channel, const std::array<std::int64_t, 3>& tap) {
    T* to = x + channel * size;
    for_each_segment(c, tap, begin, end, [&](const Segment& segment) {
      const std::int64_t count = segment.last - segment.first;
      for (std::int64_t i = 0; i < count; ++i) {
        to[segment.element + i * stride] += matrix[segment.first + i];
      }
      matrix += segment.length;
    });
  });
}

template void to_columns(const Convolution&, const float*, std::int64_t, std::int64_t, std::int64_t, float*) noexcept;
template void to_columns(const Convolution&, const double*, std::int64_t, std::int64_t, std::int64_t, double*) noexcept;
template void add_columns(const Convolution&, const float*, std::int64_t, std::int64_t, std::int64_t, float*) noexcept;
template void add_columns(const Convolution&, const double*, std::int64_t, std::int64_t, std::int64_t,
                          double*) noexcept;

}  // namespace xgrad::run
