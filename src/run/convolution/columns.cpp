#include "run/convolution/columns.hpp"

#include <algorithm>
#include <cstring>

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

/// Where a tap begins to read, along the three axes.
struct Start {
  Reach reach;
  std::int64_t plane;
  std::int64_t row;
  std::int64_t column;
};

Start start_of(const Convolution& c, const std::array<std::int64_t, 3>& tap) noexcept {
  const auto& [deep, high, wide] = c.axes;
  Reach reach = reach_of(wide, tap[2]);
  reach.first = std::min(reach.first, wide.out);
  reach.last = std::max(reach.last, reach.first);
  return {reach, tap[0] * deep.dilation - deep.before, tap[1] * high.dilation - high.before,
          tap[2] * wide.dilation - wide.before};
}

// f(segment) for the parts of rows that the outputs [begin, end) are.
template <class F>
void for_each_segment(const Convolution& c, const std::array<std::int64_t, 3>& tap, std::int64_t begin,
                      std::int64_t end, F f) {
  const auto& [deep, high, wide] = c.axes;
  const Start start = start_of(c, tap);
  std::int64_t w = begin % wide.out;
  std::int64_t h = begin / wide.out % high.out;
  std::int64_t d = begin / wide.out / high.out;
  for (std::int64_t at = begin; at < end;) {
    const std::int64_t length = std::min(wide.out - w, end - at);
    const std::int64_t row = h * high.stride + start.row;
    const std::int64_t plane = d * deep.stride + start.plane;
    const bool inside = row >= 0 && row < high.in && plane >= 0 && plane < deep.in;
    const std::int64_t first = inside ? std::clamp(start.reach.first - w, std::int64_t{0}, length) : length;
    const std::int64_t last = inside ? std::clamp(start.reach.last - w, first, length) : length;
    f(Segment{length, first, last, (plane * high.in + row) * wide.in + (w + first) * wide.stride + start.column});
    at += length;
    w = 0;
    if (++h == high.out) {
      h = 0;
      ++d;
    }
  }
}

// The same where the outputs are whole rows.
template <class F>
void for_each_row_of_outputs(const Convolution& c, const std::array<std::int64_t, 3>& tap, std::int64_t begin,
                             std::int64_t end, F f) {
  const auto& [deep, high, wide] = c.axes;
  const Start start = start_of(c, tap);
  const std::int64_t column = start.reach.first * wide.stride + start.column;
  std::int64_t h = begin / wide.out % high.out;
  std::int64_t d = begin / wide.out / high.out;
  for (std::int64_t rows = (end - begin) / wide.out; rows > 0; ++d, h = 0) {
    const std::int64_t plane = d * deep.stride + start.plane;
    const bool plane_inside = plane >= 0 && plane < deep.in;
    std::int64_t row = h * high.stride + start.row;
    for (; h < high.out && rows > 0; ++h, --rows, row += high.stride) {
      const bool inside = plane_inside && row >= 0 && row < high.in;
      const Reach reach = inside ? start.reach : Reach{wide.out, wide.out};
      f(Segment{wide.out, reach.first, reach.last, (plane * high.in + row) * wide.in + column});
    }
  }
}

/// Rows of outputs in one plane, as one tap sees them where a row has as many outputs as elements: those of `above`
/// rows read none; the outputs of the next `rows` read one run of elements, from offset `element` of the channel on,
/// but for the ends of each row, outside of `reach`, which read none; those of `below` rows read none.
struct Run {
  std::int64_t above;
  std::int64_t rows;
  std::int64_t below;
  std::int64_t element;
  Reach reach;
};

bool has_runs(const Convolution& c, std::int64_t begin, std::int64_t end) noexcept {
  const auto& [deep, high, wide] = c.axes;
  return high.stride == 1 && wide.stride == 1 && wide.in == wide.out && begin % wide.out == 0 && end % wide.out == 0;
}

// f(run) for the outputs [begin, end), which are whole rows.
template <class F>
void for_each_run(const Convolution& c, const std::array<std::int64_t, 3>& tap, std::int64_t begin, std::int64_t end,
                  F f) {
  const auto& [deep, high, wide] = c.axes;
  const Start start = start_of(c, tap);
  std::int64_t h = begin / wide.out % high.out;
  std::int64_t d = begin / wide.out / high.out;
  for (std::int64_t left = (end - begin) / wide.out; left > 0; ++d, h = 0) {
    const std::int64_t rows = std::min(left, high.out - h);
    const std::int64_t plane = d * deep.stride + start.plane;
    const std::int64_t row = h + start.row;
    const bool inside = plane >= 0 && plane < deep.in && start.reach.first < start.reach.last;
    const std::int64_t first = inside ? std::clamp(-row, std::int64_t{0}, rows) : rows;
    const std::int64_t last = inside ? std::clamp(high.in - row, first, rows) : rows;
    f(Run{first, last - first, rows - last, (plane * high.in + row + first) * wide.in + start.column, start.reach});
    left -= rows;
  }
}

/// The outputs [first, last) of a run that read an element of the channel; all others lie at ends of rows.
struct Read {
  std::int64_t first;
  std::int64_t last;
};

Read read_of(const Run& run, std::int64_t width, std::int64_t channel_size) noexcept {
  return {std::max<std::int64_t>(-run.element, 0), std::min(run.rows * width, channel_size - run.element)};
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

// f(channel, segment) in the order of the matrix' rows.
template <class F>
void for_each_part(const Convolution& c, std::int64_t channels, std::int64_t begin, std::int64_t end, F f) {
  const bool whole = begin % c.axes[2].out == 0 && end % c.axes[2].out == 0;
  for_each_row(c, channels, [&](std::int64_t channel, const std::array<std::int64_t, 3>& tap) {
    const auto of_channel = [&](const Segment& segment) { f(channel, segment); };
    if (whole) {
      for_each_row_of_outputs(c, tap, begin, end, of_channel);
    } else {
      for_each_segment(c, tap, begin, end, of_channel);
    }
  });
}

// Rows are short, mostly, so that a call of memcpy or memset would take longer than they do: pieces of a fixed length,
// of which the last two may overlap.
template <class T>
void copy_row(const T* from, std::int64_t count, T* to) noexcept {
  constexpr std::int64_t whole = 32 / sizeof(T);
  constexpr std::int64_t half = whole / 2;
  if (count >= whole) {
    for (std::int64_t i = 0; i + whole < count; i += whole) {
      std::memcpy(to + i, from + i, whole * sizeof(T));
    }
    std::memcpy(to + count - whole, from + count - whole, whole * sizeof(T));
  } else if (count >= half) {
    std::memcpy(to, from, half * sizeof(T));
    std::memcpy(to + count - half, from + count - half, half * sizeof(T));
  } else if (count > 0) {  // up to three
    to[0] = from[0];
    to[count / 2] = from[count / 2];
    to[count - 1] = from[count - 1];
  }
}

template <class T>
void fill_zeros(std::int64_t count, T* to) noexcept {
  if (count > 3) {
    std::fill_n(to, count, T{0});
  } else if (count > 0) {
    to[0] = T{0};
    to[count / 2] = T{0};
    to[count - 1] = T{0};
  }
}

template <class T>
void copy_steps(const T* from, std::int64_t step, std::int64_t count, T* to) noexcept {
  if (step == 1) {
    copy_row(from, count, to);
  } else {
    for (std::int64_t i = 0; i < count; ++i) {
      to[i] = from[i * step];
    }
  }
}

// The ends of a run's rows.
template <class T>
void clear_ends(const Run& run, std::int64_t width, T* to) noexcept {
  for (std::int64_t row = 0; row < run.rows; ++row, to += width) {
    fill_zeros(run.reach.first, to);
    fill_zeros(width - run.reach.last, to + run.reach.last);
  }
}

template <class T>
void add_steps(const T* __restrict from, std::int64_t step, std::int64_t count, T* __restrict to) noexcept {
  if (step == 1) {
    for (std::int64_t i = 0; i < count; ++i) {
      to[i] += from[i];
    }
  } else {
    for (std::int64_t i = 0; i < count; ++i) {
      to[i * step] += from[i];
    }
  }
}

template <class T>
void runs_to_columns(const Convolution& c, const T* x, std::int64_t channels, std::int64_t begin, std::int64_t end,
                     T* matrix) noexcept {
  const std::int64_t size = c.in_size();
  const std::int64_t width = c.axes[2].out;
  for_each_row(c, channels, [&](std::int64_t channel, const std::array<std::int64_t, 3>& tap) {
    for_each_run(c, tap, begin, end, [&](const Run& run) {
      matrix = std::fill_n(matrix, run.above * width, T{0});
      if (run.rows > 0) {
        const Read read = read_of(run, width, size);
        std::copy_n(x + (channel * size + run.element + read.first), read.last - read.first, matrix + read.first);
        clear_ends(run, width, matrix);
      }
      matrix = std::fill_n(matrix + run.rows * width, run.below * width, T{0});
    });
  });
}

// Clears the ends of rows in the matrix, which add nothing.
template <class T>
void add_runs(const Convolution& c, T* matrix, std::int64_t channels, std::int64_t begin, std::int64_t end,
              T* x) noexcept {
  const std::int64_t size = c.in_size();
  const std::int64_t width = c.axes[2].out;
  for_each_row(c, channels, [&](std::int64_t channel, const std::array<std::int64_t, 3>& tap) {
    for_each_run(c, tap, begin, end, [&](const Run& run) {
      matrix += run.above * width;
      if (run.rows > 0) {
        const Read read = read_of(run, width, size);
        clear_ends(run, width, matrix);
        add_steps(matrix + read.first, 1, read.last - read.first, x + (channel * size + run.element + read.first));
      }
      matrix += (run.rows + run.below) * width;
    });
  });
}

}  // namespace

template <class T>
void to_columns(const Convolution& c, const T* x, std::int64_t channels, std::int64_t begin, std::int64_t end,
                T* matrix) noexcept {
  if (has_runs(c, begin, end)) {
    runs_to_columns(c, x, channels, begin, end, matrix);
    return;
  }
  const std::int64_t size = c.in_size();
  const std::int64_t stride = c.axes[2].stride;
  for_each_part(c, channels, begin, end, [&](std::int64_t channel, const Segment& segment) {
    fill_zeros(segment.first, matrix);
    copy_steps(x + channel * size + segment.element, stride, segment.last - segment.first, matrix + segment.first);
    fill_zeros(segment.length - segment.last, matrix + segment.last);
    matrix += segment.length;
  });
}

template <class T>
void add_columns(const Convolution& c, T* matrix, std::int64_t channels, std::int64_t begin, std::int64_t end,
                 T* x) noexcept {
  if (has_runs(c, begin, end)) {
    add_runs(c, matrix, channels, begin, end, x);
    return;
  }
  const std::int64_t size = c.in_size();
  const std::int64_t stride = c.axes[2].stride;
  for_each_part(c, channels, begin, end, [&](std::int64_t channel, const Segment& segment) {
    add_steps(matrix + segment.first, stride, segment.last - segment.first, x + channel * size + segment.element);
    matrix += segment.length;
  });
}

template void to_columns(const Convolution&, const float*, std::int64_t, std::int64_t, std::int64_t, float*) noexcept;
template void to_columns(const Convolution&, const double*, std::int64_t, std::int64_t, std::int64_t, double*) noexcept;
template void add_columns(const Convolution&, float*, std::int64_t, std::int64_t, std::int64_t, float*) noexcept;
template void add_columns(const Convolution&, double*, std::int64_t, std::int64_t, std::int64_t, double*) noexcept;

}  // namespace xgrad::run
