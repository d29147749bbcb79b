#include "run/convolution/planes.hpp"

#include <algorithm>
#include <cstddef>

#include "run/kernels/plane_kernels.hpp"

namespace xgrad::run {

Plane::Plane(const Convolution& c) noexcept : c_{c} {
  bool in_place = true;
  for (std::size_t a = 0; a < 3; ++a) {
    const ConvolutionAxis& axis = c.axes[a];
    lengths_[a] = (axis.out - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1;
    in_place = in_place && axis.before == 0 && lengths_[a] <= axis.in;
  }
  if (in_place) {
    steps_ = {c.axes[1].in * c.axes[2].in, c.axes[2].in, 1};
  } else {
    steps_ = {lengths_[1] * lengths_[2], lengths_[2], 1};
    scratch_ = lengths_[0] * steps_[0];
  }
}

template <class F>
void Plane::for_each_row(F f) const noexcept {
  // Along an axis, elements [first, last) of the channel are at first + before, … of the plane.
  std::array<std::int64_t, 3> first{};
  std::array<std::int64_t, 3> last{};
  for (std::size_t a = 0; a < 3; ++a) {
    first[a] = std::max<std::int64_t>(-c_.axes[a].before, 0);
    last[a] = std::min(c_.axes[a].in, lengths_[a] - c_.axes[a].before);
  }
  if (first[2] >= last[2]) {
    return;
  }
  for (std::int64_t d = first[0]; d < last[0]; ++d) {
    for (std::int64_t h = first[1]; h < last[1]; ++h) {
      const std::int64_t in_plane = (d + c_.axes[0].before) * steps_[0] + (h + c_.axes[1].before) * steps_[1];
      f((d * c_.axes[1].in + h) * c_.axes[2].in + first[2], in_plane + first[2] + c_.axes[2].before,
        last[2] - first[2]);
    }
  }
}

template <class T>
const T* Plane::padded(const T* channel, T* memory) const noexcept {
  if (scratch_ == 0) {
    return channel;
  }
  std::fill_n(memory, scratch_, T{0});
  for_each_row(
      [&](std::int64_t from, std::int64_t to, std::int64_t count) { std::copy_n(channel + from, count, memory + to); });
  return memory;
}

template <class T>
void Plane::cut(const T* plane, T* channel) const noexcept {
  std::fill_n(channel, c_.in_size(), T{0});
  for_each_row(
      [&](std::int64_t to, std::int64_t from, std::int64_t count) { std::copy_n(plane + from, count, channel + to); });
}

namespace {

// f(offset in the plane, offset in the output) for each row of outputs, as a tap sees it.
template <class F>
void for_each_output_row(const Convolution& c, const Plane& layout, const std::array<std::int64_t, 3>& tap, F f) {
  const auto& [deep, high, wide] = c.axes;
  const auto& steps = layout.steps();
  for (std::int64_t d = 0; d < deep.out; ++d) {
    for (std::int64_t h = 0; h < high.out; ++h) {
      f((d * deep.stride + tap[0] * deep.dilation) * steps[0] + (h * high.stride + tap[1] * high.dilation) * steps[1] +
            tap[2] * wide.dilation,
        (d * high.out + h) * wide.out);
    }
  }
}

// f(output channel, number of the tap among all weights, tap).
template <class F>
void for_each_tap(const Convolution& c, F f) {
  std::int64_t number = 0;
  for (std::int64_t o = 0; o < c.outputs; ++o) {
    for (std::int64_t d = 0; d < c.axes[0].kernel; ++d) {
      for (std::int64_t h = 0; h < c.axes[1].kernel; ++h) {
        for (std::int64_t w = 0; w < c.axes[2].kernel; ++w) {
          f(o, number++, std::array{d, h, w});
        }
      }
    }
  }
}

constexpr std::size_t most_taps = 64;  // of the vector kernels

/// Rows of outputs along the last axis but one, for the vector kernels.
class VectorRows {
 public:
  VectorRows(const Convolution& c, const Plane& layout) noexcept : c_{c}, steps_{layout.steps()} {
    fits_ = c.axes[2].stride == 1 && c.taps() <= static_cast<std::int64_t>(most_taps);
    if (!fits_) {
      return;
    }
    std::size_t next = 0;
    for (std::int64_t d = 0; d < c.axes[0].kernel; ++d) {
      for (std::int64_t h = 0; h < c.axes[1].kernel; ++h) {
        for (std::int64_t w = 0; w < c.axes[2].kernel; ++w) {
          offsets_[next++] =
              d * c.axes[0].dilation * steps_[0] + h * c.axes[1].dilation * steps_[1] + w * c.axes[2].dilation;
        }
      }
    }
  }

  [[nodiscard]] bool fits() const noexcept { return fits_; }

  /// f(call, number of the first of the weights, offset in the outputs) for each output channel and place along the
  /// first axis.
  template <class T, class F>
  void for_each_call(const T* plane, F f) const {
    const auto& [deep, high, wide] = c_.axes;
    const std::int64_t taps = c_.taps();
    PlaneCall<T> call{.x_step = high.stride * steps_[1],
                      .offsets = offsets_.data(),
                      .taps = static_cast<std::size_t>(taps),
                      .rows = static_cast<std::size_t>(high.out),
                      .count = static_cast<std::size_t>(wide.out)};
    for (std::int64_t o = 0; o < c_.outputs; ++o) {
      for (std::int64_t d = 0; d < deep.out; ++d) {
        call.x = plane + d * deep.stride * steps_[0];
        f(call, o * taps, (o * deep.out + d) * high.out * wide.out);
      }
    }
  }

 private:
  const Convolution& c_;
  std::array<std::int64_t, 3> steps_;
  std::array<std::int64_t, most_taps> offsets_{};
  bool fits_ = false;
};

// Sums of products, in eight parts that a vector register holds.
template <class T>
void add_products(const T* a, const T* b, std::int64_t step, std::int64_t count, std::array<T, 8>& parts) noexcept {
  std::int64_t i = 0;
  if (step == 1) {
    for (; i + 8 <= count; i += 8) {
      for (std::size_t k = 0; k < 8; ++k) {
        parts[k] += a[i + static_cast<std::int64_t>(k)] * b[i + static_cast<std::int64_t>(k)];
      }
    }
  }
  for (; i < count; ++i) {
    parts[static_cast<std::size_t>(i % 8)] += a[i] * b[i * step];
  }
}

}  // namespace

template <class T>
void convolve_plane(const Convolution& c, const Plane& layout, const T* plane, const T* w, T* y) {
  if (const VectorRows rows{c, layout}; rows.fits()) {
    const auto correlate = plane_kernels<T>().correlate;
    rows.for_each_call(plane, [&](const PlaneCall<T>& call, std::int64_t weight, std::int64_t to) {
      correlate(call, w + weight, y + to);
    });
    return;
  }
  const std::int64_t size = c.out_size();
  const std::int64_t step = c.axes[2].stride;
  const std::int64_t count = c.axes[2].out;
  std::fill_n(y, c.outputs * size, T{0});
  for_each_tap(c, [&](std::int64_t o, std::int64_t number, const std::array<std::int64_t, 3>& tap) {
    const T weight = w[number];
    for_each_output_row(c, layout, tap, [&](std::int64_t from, std::int64_t to) {
      const T* in = plane + from;
      T* out = y + o * size + to;
      for (std::int64_t i = 0; i < count; ++i) {
        out[i] += weight * in[i * step];
      }
    });
  });
}

template <class T>
void add_to_plane(const Convolution& c, const Plane& layout, const T* g, const T* w, T* plane) noexcept {
  const std::int64_t size = c.out_size();
  const std::int64_t step = c.axes[2].stride;
  const std::int64_t count = c.axes[2].out;
  for_each_tap(c, [&](std::int64_t o, std::int64_t number, const std::array<std::int64_t, 3>& tap) {
    const T weight = w[number];
    for_each_output_row(c, layout, tap, [&](std::int64_t to, std::int64_t from) {
      const T* in = g + o * size + from;
      T* out = plane + to;
      if (step == 1) {
        for (std::int64_t i = 0; i < count; ++i) {
          out[i] += weight * in[i];
        }
      } else {
        for (std::int64_t i = 0; i < count; ++i) {
          out[i * step] += weight * in[i];
        }
      }
    });
  });
}

template <class T>
void add_to_taps(const Convolution& c, const Plane& layout, const T* plane, const T* g, T* w) {
  if (const VectorRows rows{c, layout}; rows.fits()) {
    const auto add_sums = plane_kernels<T>().add_sums;
    rows.for_each_call(plane, [&](const PlaneCall<T>& call, std::int64_t weight, std::int64_t from) {
      add_sums(call, g + from, w + weight);
    });
    return;
  }
  const std::int64_t size = c.out_size();
  const std::int64_t step = c.axes[2].stride;
  const std::int64_t count = c.axes[2].out;
  for_each_tap(c, [&](std::int64_t o, std::int64_t number, const std::array<std::int64_t, 3>& tap) {
    std::array<T, 8> parts{};
    for_each_output_row(c, layout, tap, [&](std::int64_t from, std::int64_t to) {
      add_products(g + o * size + to, plane + from, step, count, parts);
    });
    w[number] += ((parts[0] + parts[4]) + (parts[1] + parts[5])) + ((parts[2] + parts[6]) + (parts[3] + parts[7]));
  });
}

template const float* Plane::padded(const float*, float*) const noexcept;
template const double* Plane::padded(const double*, double*) const noexcept;
template void Plane::cut(const float*, float*) const noexcept;
template void Plane::cut(const double*, double*) const noexcept;
template void convolve_plane(const Convolution&, const Plane&, const float*, const float*, float*);
template void convolve_plane(const Convolution&, const Plane&, const double*, const double*, double*);
template void add_to_plane(const Convolution&, const Plane&, const float*, const float*, float*) noexcept;
template void add_to_plane(const Convolution&, const Plane&, const double*, const double*, double*) noexcept;
template void add_to_taps(const Convolution&, const Plane&, const float*, const float*, float*);
template void add_to_taps(const Convolution&, const Plane&, const double*, const double*, double*);

}  // namespace xgrad::run
