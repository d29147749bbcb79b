#include "ops/pooling/extremes.hpp"

#include <algorithm>
#include <span>
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

/// Windows that lie alike, each `stride` elements behind the one before.
template <class T>
struct Alike {
  const T* plane;
  std::int64_t stride;
  std::int64_t count;

  /// write(window, largest element, its index) for each, without branches, of the elements of the first one. Whether
  /// there was a NaN: what was written is wrong then.
  template <class Elements, class Write>
  [[nodiscard]] bool find(const Elements elements, Write write) const {
    unsigned unordered = 0;
    for (std::int64_t j = 0; j < count; ++j) {
      const T* window = plane + j * stride;
      std::int64_t at = elements[0];
      T best = window[at];
      unordered |= static_cast<unsigned>(best != best);
      for (std::size_t k = 1; k < elements.size(); ++k) {
        const T candidate = window[elements[k]];
        const bool better = candidate > best;
        unordered |= static_cast<unsigned>(candidate != candidate);
        best = better ? candidate : best;
        at ^= (at ^ elements[k]) & -static_cast<std::int64_t>(better);
      }
      write(j, best, at + j * stride);
    }
    return unordered != 0;
  }

  /// The same, with numbers of elements that are usual as constants.
  template <class Write>
  [[nodiscard]] bool find_any(const std::vector<std::int64_t>& elements, Write write) const {
    if (elements.size() == 4) {
      return find(first<4>(elements), write);
    }
    return elements.size() == 9 ? find(first<9>(elements), write) : find(std::span{elements}, write);
  }

 private:
  template <std::size_t Count>
  [[nodiscard]] static std::array<std::int64_t, Count> first(const std::vector<std::int64_t>& elements) {
    std::array<std::int64_t, Count> result{};
    std::copy_n(elements.begin(), Count, result.begin());
    return result;
  }
};

/// The windows of one row of results, in one plane.
template <class T>
class Row {
 public:
  Row(const T* plane, const PlaneWindows& windows, std::int64_t depth, std::int64_t height)
      : plane_{plane},
        windows_{windows},
        along_{windows.axis(2)},
        depth_{static_cast<std::size_t>(depth)},
        height_{static_cast<std::size_t>(height)} {}

  /// write(window, largest element, its index). `elements` is memory.
  template <class Write>
  void find(std::vector<std::int64_t>& elements, Write write) const {
    const auto slowly = [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t j = begin; j < end; ++j) {
        const std::int64_t index = at(j);
        write(j, plane_[index], index);
      }
    };
    slowly(0, along_.first);
    slowly(along_.last, windows_of(along_));
    elements_of_first(elements);
    const Alike<T> alike{plane_, along_.stride, along_.last - along_.first};
    if (alike.find_any(elements,
                       [&](std::int64_t j, T best, std::int64_t index) { write(along_.first + j, best, index); })) {
      slowly(along_.first, along_.last);
    }
  }

 private:
  // f(where in the plane a row begins) for all that these windows go over.
  template <class F>
  void each_line(F f) const {
    const Spans& planes = windows_.axis(0).spans;
    const Spans& lines = windows_.axis(1).spans;
    for (std::int64_t a = 0; a < planes.counts[depth_]; ++a) {
      const std::int64_t d = planes.starts[depth_] + a * planes.step;
      for (std::int64_t b = 0; b < lines.counts[height_]; ++b) {
        f((d * lines.length + lines.starts[height_] + b * lines.step) * along_.spans.length);
      }
    }
  }

  // Those of the first regular window, in row-major order.
  void elements_of_first(std::vector<std::int64_t>& elements) const {
    const std::int64_t first = along_.spans.starts[static_cast<std::size_t>(along_.first)];
    elements.clear();
    each_line([&](std::int64_t line) {
      for (std::int64_t k = 0; k < along_.full; ++k) {
        elements.push_back(line + first + k * along_.spans.step);
      }
    });
  }

  // Where the largest element of window j is; right with NaN.
  [[nodiscard]] std::int64_t at(std::int64_t j) const {
    const std::int64_t start = along_.spans.starts[static_cast<std::size_t>(j)];
    const std::int64_t count = along_.spans.counts[static_cast<std::size_t>(j)];
    std::int64_t best = -1;
    each_line([&](std::int64_t line) {
      for (std::int64_t k = 0; k < count; ++k) {
        const std::int64_t element = line + start + k * along_.spans.step;
        if (best < 0 || beats(plane_[element], plane_[best])) {
          best = element;
        }
      }
    });
    return best;
  }

  const T* plane_;
  const PlaneWindows& windows_;
  const AxisWindows& along_;
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
    std::vector<std::int64_t> elements;
    each_row(x, begin, end, windows, [&](const Row<T>& row, std::int64_t offset) {
      row.find(elements, [to = y + offset](std::int64_t j, T best, std::int64_t /*index*/) { to[j] = best; });
    });
  });
}

template <class T>
void largest_at(const T* x, std::int64_t planes, const PlaneWindows& windows, bool marked, std::int64_t* y) {
  run::parallel_for(planes, planes_per_piece(2 * windows.cost()), [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::int64_t> elements;
    each_row(x, begin, end, windows, [&](const Row<T>& row, std::int64_t offset) {
      row.find(elements, [to = y + offset](std::int64_t j, T /*best*/, std::int64_t index) { to[j] = index; });
    });
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
