#include "run/reductions/segments.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "run/kernels/row_kernels.hpp"
#include "run/reductions/index_range.hpp"
#include "run/reductions/indexed_sums.hpp"

namespace xgrad::run {

namespace {

template <class T>
bool is_no_number(T x) noexcept {
  if constexpr (std::is_floating_point_v<T>) {
    return std::isnan(x);
  } else {
    return false;
  }
}

// to ← the larger ones of a row; a NaN stays.
template <class T>
void keep_largest(const T* row, std::int64_t width, T* to) noexcept {
  for (std::int64_t i = 0; i < width; ++i) {
    if (row[i] > to[i] || is_no_number(row[i])) {
      to[i] = row[i];
    }
  }
}

// f(row, its segment), for all rows.
template <class F>
void for_each_row(const Segments& segments, F f) {
  for (std::int64_t row = 0; row < segments.rows; ++row) {
    f(row, row_of(segments.of_row[row], segments.count));
  }
}

template <class T>
struct SoftmaxMemory {
  T* largest;
  double* sums;

  SoftmaxMemory(Carver& memory, std::int64_t elements)
      : largest{memory.take<T>(elements)}, sums{memory.take<double>(elements)} {}
};

// x − m, where an infinity less itself is 0; but of −∞ alone no share can be told.
template <class T>
T below(T x, T m) noexcept {
  constexpr T infinity = std::numeric_limits<T>::infinity();
  if (std::isinf(m) && x == m) {
    return m == infinity ? T{0} : std::numeric_limits<T>::quiet_NaN();
  }
  return x - m;
}

}  // namespace

std::size_t segment_max_bytes(const AxisView& out) noexcept {
  return static_cast<std::size_t>(out.length);
}

template <class T>
void segment_max(const Segments& segments, const T* x, T* out, std::byte* workspace) {
  const auto [operation, of_row, rows, width, count] = segments;
  require_in_range(operation, of_row, rows, count);
  constexpr std::byte seen{1};
  std::fill_n(workspace, count, std::byte{0});
  std::fill_n(out, count * width, T{0});
  for_each_row(segments, [=, columns = width](std::int64_t row, std::int64_t segment) {
    const T* from = x + row * columns;
    T* to = out + segment * columns;
    if (workspace[segment] == seen) {
      keep_largest(from, columns, to);
    } else {
      std::copy_n(from, columns, to);
      workspace[segment] = seen;
    }
  });
}

std::size_t segment_softmax_bytes(DType dtype, const AxisView& view) noexcept {
  Carver memory;
  const std::int64_t elements = view.length * view.inner;
  if (dtype == float32) {
    static_cast<void>(SoftmaxMemory<float>{memory, elements});
  } else {
    static_cast<void>(SoftmaxMemory<double>{memory, elements});
  }
  return memory.used();
}

template <class T>
void segment_softmax(const Segments& segments, const T* x, T* out, std::byte* workspace) {
  const std::int64_t width = segments.width;
  require_in_range(segments.operation, segments.of_row, segments.rows, segments.count);
  Carver carver{workspace};
  const SoftmaxMemory<T> memory{carver, segments.count * width};
  std::fill_n(memory.largest, segments.count * width, -std::numeric_limits<T>::infinity());
  std::fill_n(memory.sums, segments.count * width, 0.0);
  for_each_row(segments, [&](std::int64_t row, std::int64_t segment) {
    keep_largest(x + row * width, width, memory.largest + segment * width);
  });
  for_each_row(segments, [&](std::int64_t row, std::int64_t segment) {
    for (std::int64_t i = 0; i < width; ++i) {
      out[row * width + i] = below(x[row * width + i], memory.largest[segment * width + i]);
    }
  });
  if (segments.rows * width > 0) {
    static_cast<void>(row_kernels<T>().exponentials(out, T{0}, out, static_cast<std::size_t>(segments.rows * width)));
  }
  for_each_row(segments, [&](std::int64_t row, std::int64_t segment) {
    for (std::int64_t i = 0; i < width; ++i) {
      memory.sums[segment * width + i] += static_cast<double>(out[row * width + i]);
    }
  });
  for_each_row(segments, [&](std::int64_t row, std::int64_t segment) {
    for (std::int64_t i = 0; i < width; ++i) {
      T& element = out[row * width + i];
      element = static_cast<T>(static_cast<double>(element) / memory.sums[segment * width + i]);
    }
  });
}

template void segment_max<float>(const Segments&, const float*, float*, std::byte*);
template void segment_max<double>(const Segments&, const double*, double*, std::byte*);
template void segment_max<std::int64_t>(const Segments&, const std::int64_t*, std::int64_t*, std::byte*);
template void segment_softmax<float>(const Segments&, const float*, float*, std::byte*);
template void segment_softmax<double>(const Segments&, const double*, double*, std::byte*);

}  // namespace xgrad::run
