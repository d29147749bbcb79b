#include "ops/pooling/extremes.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "run/threads.hpp"

namespace xgrad::ops {

namespace {

// Larger, or the first NaN.
template <class T>
bool beats(T candidate, T best) noexcept {
  if constexpr (std::is_integral_v<T>) {
    return candidate > best;
  } else {
    return !(candidate <= best) && best == best;
  }
}

std::int64_t windows_of(const AxisWindows& axis) noexcept {
  return static_cast<std::int64_t>(axis.spans.starts.size());
}

// The longest run of windows with equal lengths and distances that begins with a window of the largest length.
AxisWindows with_regular(Spans spans) {
  AxisWindows result{.spans = std::move(spans)};
  const auto& [length, step, starts, counts] = result.spans;
  const auto most = std::max_element(counts.begin(), counts.end());
  result.full = *most;
  result.first = most - counts.begin();
  const auto window = [](std::int64_t i) { return static_cast<std::size_t>(i); };
  const std::int64_t end = windows_of(result);
  result.last = result.first + 1;
  if (result.last < end) {
    result.stride = starts[window(result.last)] - starts[window(result.first)];
  }
  while (result.last < end && counts[window(result.last)] == result.full &&
         starts[window(result.last)] - starts[window(result.last - 1)] == result.stride) {
    ++result.last;
  }
  return result;
}

using One = std::integral_constant<std::int64_t, 1>;
using Two = std::integral_constant<std::int64_t, 2>;

// f(stride), as a constant where it is one of the usual.
template <class F>
void with_stride(std::int64_t stride, F f) {
  if (stride == 1) {
    f(One{});
  } else if (stride == 2) {
    f(Two{});
  } else {
    f(stride);
  }
}

/// The windows of one row of results, in one plane.
template <class T>
class Row {
 public:
  Row(const T* plane, const PlaneWindows& windows, std::int64_t depth, std::int64_t height)
      : plane_{plane},
        windows_{windows},
        depth_{static_cast<std::size_t>(depth)},
        height_{static_cast<std::size_t>(height)} {}

  void values(T* best) const {
    each_edge([&](std::int64_t j) { best[j] = plane_[at(j)]; });
    const auto [along, count] = regular();
    if (count == 0) {
      return;
    }
    best += along.first;
    bool fresh = true;
    each_start([&](std::int64_t start) {
      const T* from = plane_ + start;
      with_stride(along.stride, [&, n = count](auto stride) {
        if (std::exchange(fresh, false)) {
          for (std::int64_t j = 0; j < n; ++j) {
            best[j] = from[j * stride];
          }
          return;
        }
        for (std::int64_t j = 0; j < n; ++j) {
          best[j] = beats(from[j * stride], best[j]) ? from[j * stride] : best[j];
        }
      });
    });
  }

  /// `best` is memory for a row.
  void indices(T* best, std::int64_t* index) const {
    each_edge([&](std::int64_t j) { index[j] = at(j); });
    const auto [along, count] = regular();
    if (count == 0) {
      return;
    }
    index += along.first;
    bool fresh = true;
    each_start([&](std::int64_t start) {
      const T* from = plane_ + start;
      with_stride(along.stride, [&, n = count](auto stride) {
        if (std::exchange(fresh, false)) {
          for (std::int64_t j = 0; j < n; ++j) {
            best[j] = from[j * stride];
            index[j] = start + j * stride;
          }
          return;
        }
        for (std::int64_t j = 0; j < n; ++j) {
          const bool better = beats(from[j * stride], best[j]);
          best[j] = better ? from[j * stride] : best[j];
          index[j] = better ? start + j * stride : index[j];
        }
      });
    });
  }

 private:
  [[nodiscard]] std::pair<const AxisWindows&, std::int64_t> regular() const {
    const AxisWindows& along = windows_.axis(2);
    return {along, along.last - along.first};
  }

  // f(j) for the windows that aren't regular.
  template <class F>
  void each_edge(F f) const {
    const AxisWindows& along = windows_.axis(2);
    for (std::int64_t j = 0; j < along.first; ++j) {
      f(j);
    }
    for (std::int64_t j = along.last; j < windows_of(along); ++j) {
      f(j);
    }
  }

  // f(where in the plane the row of a window begins), of all that this row's windows go over.
  template <class F>
  void each_line(F f) const {
    const Spans& planes = windows_.axis(0).spans;
    const Spans& lines = windows_.axis(1).spans;
    const std::int64_t width = windows_.axis(2).spans.length;
    for (std::int64_t a = 0; a < planes.counts[depth_]; ++a) {
      const std::int64_t d = planes.starts[depth_] + a * planes.step;
      for (std::int64_t b = 0; b < lines.counts[height_]; ++b) {
        f((d * lines.length + lines.starts[height_] + b * lines.step) * width);
      }
    }
  }

  // f(where the first regular window has its element), for all elements of a window in row-major order.
  template <class F>
  void each_start(F f) const {
    const AxisWindows& along = windows_.axis(2);
    const std::int64_t first = along.spans.starts[static_cast<std::size_t>(along.first)];
    each_line([&](std::int64_t line) {
      for (std::int64_t k = 0; k < along.full; ++k) {
        f(line + first + k * along.spans.step);
      }
    });
  }

  // Where the largest element of window j is.
  [[nodiscard]] std::int64_t at(std::int64_t j) const {
    const Spans& along = windows_.axis(2).spans;
    const std::int64_t start = along.starts[static_cast<std::size_t>(j)];
    const std::int64_t count = along.counts[static_cast<std::size_t>(j)];
    std::int64_t best = -1;
    each_line([&](std::int64_t line) {
      for (std::int64_t k = 0; k < count; ++k) {
        const std::int64_t element = line + start + k * along.step;
        if (best < 0 || beats(plane_[element], plane_[best])) {
          best = element;
        }
      }
    });
    return best;
  }

  const T* plane_;
  const PlaneWindows& windows_;
  std::size_t depth_;
  std::size_t height_;
};

// f(row, offset in y) for every row of results of these planes.
template <class T, class F>
void each_row(const T* x, std::int64_t begin, std::int64_t end, const PlaneWindows& windows, F f) {
  const std::int64_t depths = windows_of(windows.axis(0));
  const std::int64_t heights = windows_of(windows.axis(1));
  const std::int64_t width = windows_of(windows.axis(2));
  for (std::int64_t plane = begin; plane < end; ++plane) {
    for (std::int64_t d = 0; d < depths; ++d) {
      for (std::int64_t h = 0; h < heights; ++h) {
        f(Row<T>{x + plane * windows.input_size(), windows, d, h}, ((plane * depths + d) * heights + h) * width);
      }
    }
  }
}

}  // namespace

PlaneWindows::PlaneWindows(std::vector<Spans> spans) {
  while (spans.size() < max_spatial) {
    spans.insert(spans.begin(), Spans{.length = 1, .step = 1, .starts = {0}, .counts = {1}});
  }
  for (std::size_t i = 0; i < max_spatial; ++i) {
    axes_[i] = with_regular(std::move(spans[i]));
  }
}

std::int64_t PlaneWindows::input_size() const noexcept {
  return axes_[0].spans.length * axes_[1].spans.length * axes_[2].spans.length;
}

std::int64_t PlaneWindows::output_size() const noexcept {
  return windows_of(axes_[0]) * windows_of(axes_[1]) * windows_of(axes_[2]);
}

std::int64_t PlaneWindows::cost() const noexcept {
  return output_size() * axes_[0].full * axes_[1].full * axes_[2].full;
}

template <class T>
void largest(const T* x, std::int64_t planes, const PlaneWindows& windows, T* y) {
  run::parallel_for(planes, planes_per_piece(windows.cost()), [&](std::int64_t begin, std::int64_t end) {
    each_row(x, begin, end, windows, [&](const Row<T>& row, std::int64_t offset) { row.values(y + offset); });
  });
}

template <class T>
void largest_at(const T* x, std::int64_t planes, const PlaneWindows& windows, bool marked, std::int64_t* y) {
  run::parallel_for(planes, planes_per_piece(2 * windows.cost()), [&](std::int64_t begin, std::int64_t end) {
    std::vector<T> best(windows.axis(2).spans.starts.size());
    each_row(x, begin, end, windows,
             [&](const Row<T>& row, std::int64_t offset) { row.indices(best.data(), y + offset); });
    if (!marked || std::is_integral_v<T>) {
      return;
    }
    for (std::int64_t plane = begin; plane < end; ++plane) {
      const T* from = x + plane * windows.input_size();
      std::int64_t* index = y + plane * windows.output_size();
      for (std::int64_t i = 0; i < windows.output_size(); ++i) {
        index[i] = from[index[i]] == from[index[i]] ? index[i] : -1 - index[i];
      }
    }
  });
}

template void largest<float>(const float*, std::int64_t, const PlaneWindows&, float*);
template void largest<double>(const double*, std::int64_t, const PlaneWindows&, double*);
template void largest<std::int64_t>(const std::int64_t*, std::int64_t, const PlaneWindows&, std::int64_t*);
template void largest_at<float>(const float*, std::int64_t, const PlaneWindows&, bool, std::int64_t*);
template void largest_at<double>(const double*, std::int64_t, const PlaneWindows&, bool, std::int64_t*);
template void largest_at<std::int64_t>(const std::int64_t*, std::int64_t, const PlaneWindows&, bool, std::int64_t*);

}  // namespace xgrad::ops
