#include "run/reductions/softmax.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "run/kernels/row_kernels.hpp"
#include "run/reductions/folds.hpp"

namespace xgrad::run {

namespace {

enum class Result : std::uint8_t { softmax, log_softmax, logsumexp };

constexpr std::int64_t scratch_elements = 1024;
constexpr std::int64_t short_row = 64;
constexpr std::int64_t tile_columns = 256;

template <class T>
using Scratch = std::array<T, static_cast<std::size_t>(scratch_elements)>;

// out ← x − m, with m of the same column; 0 where both are the same infinity. One selection per element would keep the
// usual loop from being vectorised.
template <class T>
void subtract(const T* x, const T* m, bool any_infinite, std::int64_t count, T* out) noexcept {
  if (any_infinite) {
    for (std::int64_t i = 0; i < count; ++i) {
      out[i] = x[i] == m[i] ? T{0} : x[i] - m[i];
    }
    return;
  }
  for (std::int64_t i = 0; i < count; ++i) {
    out[i] = x[i] - m[i];
  }
}

// The same with one m for all.
template <class T>
void subtract(const T* x, T m, std::int64_t count, T* out) noexcept {
  if (std::isinf(m)) {
    for (std::int64_t i = 0; i < count; ++i) {
      out[i] = x[i] == m ? T{0} : x[i] - m;
    }
    return;
  }
  for (std::int64_t i = 0; i < count; ++i) {
    out[i] = x[i] - m;
  }
}

// Of a row of −∞ alone no share can be told: it gives NaN, so that a mask that hides everything is seen.
template <class T>
constexpr T no_shares = std::numeric_limits<T>::quiet_NaN();
template <Result result, class T>
bool hides_all(T largest) noexcept {
  return result != Result::logsumexp && largest == -std::numeric_limits<T>::infinity();
}

template <class T>
void exponentiate(T* x, std::int64_t count) {
  static_cast<void>(row_kernels<T>().exponentials(x, T{0}, x, static_cast<std::size_t>(count)));
}

// A row longer than is worth copying.
template <Result result, class T>
void long_row(const T* x, std::int64_t count, T* out) {
  const auto size = static_cast<std::size_t>(count);
  const T m = Largest<T>::run(x, count);
  if (hides_all<result>(m)) {
    std::fill_n(out, count, no_shares<T>);
    return;
  }
  if constexpr (result == Result::softmax) {
    const T s = row_kernels<T>().exponentials(x, m, out, size);
    row_kernels<T>().scale(out, T{1} / s, size);
    return;
  }
  const T log_s = std::log(row_kernels<T>().sum_exponentials(x, m, size));
  if constexpr (result == Result::logsumexp) {
    *out = m + log_s;
  } else {
    row_kernels<T>().shift(x, m, log_s, out, size);
  }
}

// The largest of every row. Of four rows at a time, whose comparisons don't wait for one another.
template <class T>
void largest_of_rows(const T* x, std::int64_t rows, std::int64_t count, T* out) {
  std::int64_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    const T* first = x + row * count;
    std::array<T, 4> largest{first[0], first[count], first[2 * count], first[3 * count]};
    for (std::int64_t i = 1; i < count; ++i) {
      for (std::size_t k = 0; k < 4; ++k) {
        largest[k] = Largest<T>::AnyZero::combine(largest[k], first[static_cast<std::int64_t>(k) * count + i]);
      }
    }
    for (std::size_t k = 0; k < 4; ++k) {
      const std::int64_t of = row + static_cast<std::int64_t>(k);
      out[of] = largest[k] == 0 ? Largest<T>::run(x + of * count, count) : largest[k];
    }
  }
  for (; row < rows; ++row) {
    out[row] = Largest<T>::run(x + row * count, count);
  }
}

// `rows` short rows, at most scratch_elements in all: their exponentials in one go.
template <Result result, class T>
void short_rows(const T* x, std::int64_t rows, std::int64_t count, T* out) {
  alignas(64) Scratch<T> scratch;  // NOLINT: filled before it is read
  Scratch<T> largest;              // NOLINT: filled before it is read
  largest_of_rows(x, rows, count, largest.data());
  for (std::int64_t row = 0; row < rows; ++row) {
    subtract(x + row * count, largest[static_cast<std::size_t>(row)], count, scratch.data() + row * count);
  }
  if constexpr (result == Result::log_softmax) {
    std::copy_n(scratch.data(), rows * count, out);
  }
  exponentiate(scratch.data(), rows * count);
  for (std::int64_t row = 0; row < rows; ++row) {
    const T* exponentials = scratch.data() + row * count;
    const bool shared = !hides_all<result>(largest[static_cast<std::size_t>(row)]);
    const T s = shared ? static_cast<T>(Sum<T>::run(exponentials, count)) : no_shares<T>;
    if constexpr (result == Result::logsumexp) {
      out[row] = largest[static_cast<std::size_t>(row)] + std::log(s);
    } else {
      T* to = out + row * count;
      const T log_s = result == Result::log_softmax ? std::log(s) : T{0};
      for (std::int64_t i = 0; i < count; ++i) {
        to[i] = result == Result::softmax ? exponentials[i] / s : to[i] - log_s;
      }
    }
  }
}

// Rows of at most tile_columns adjacent columns, `stride` apart: the normalisation runs down the rows.
struct Columns {
  std::int64_t rows;
  std::int64_t width;
  std::int64_t stride;
};

template <Result result, class T>
void down_columns(const T* x, const Columns& columns, T* out) {
  const auto [rows, width, stride] = columns;
  std::array<T, static_cast<std::size_t>(tile_columns)> largest;  // NOLINT: filled before it is read
  std::array<T, static_cast<std::size_t>(tile_columns)> sums;     // NOLINT: filled before it is read
  std::array<double, static_cast<std::size_t>(tile_columns)> wide_sums{};
  alignas(64) Scratch<T> scratch;  // NOLINT: filled before it is read
  std::fill_n(largest.data(), width, Largest<T>::identity());
  for (std::int64_t row = 0; row < rows; ++row) {
    Largest<T>::rows(largest.data(), x + row * stride, 1, width, stride);
  }
  const bool any_infinite = std::any_of(largest.data(), largest.data() + width, [](T m) { return std::isinf(m); });
  const std::int64_t chunk = scratch_elements / width;
  for (std::int64_t start = 0; start < rows; start += chunk) {
    const std::int64_t count = std::min(chunk, rows - start);
    for (std::int64_t row = 0; row < count; ++row) {
      const T* from = x + (start + row) * stride;
      T* to = scratch.data() + row * width;
      subtract(from, largest.data(), any_infinite, width, to);
      if constexpr (result == Result::log_softmax) {
        std::copy_n(to, width, out + (start + row) * stride);
      }
    }
    exponentiate(scratch.data(), count * width);
    Sum<T>::rows(wide_sums.data(), scratch.data(), count, width, width);
    for (std::int64_t row = 0; result == Result::softmax && row < count; ++row) {
      std::copy_n(scratch.data() + row * width, width, out + (start + row) * stride);
    }
  }
  std::transform(wide_sums.data(), wide_sums.data() + width, sums.data(), [](double s) { return static_cast<T>(s); });
  for (std::int64_t i = 0; any_infinite && i < width; ++i) {
    const auto column = static_cast<std::size_t>(i);
    sums[column] = hides_all<result>(largest[column]) ? no_shares<T> : sums[column];
  }
  if constexpr (result != Result::softmax) {
    std::transform(sums.data(), sums.data() + width, sums.data(), [](T s) { return std::log(s); });
  }
  for (std::int64_t row = 0; row < (result == Result::logsumexp ? 1 : rows); ++row, out += stride) {
    for (std::int64_t i = 0; i < width; ++i) {
      const auto column = static_cast<std::size_t>(i);
      if constexpr (result == Result::logsumexp) {
        out[i] = largest[column] + sums[column];
      } else {
        out[i] = result == Result::softmax ? out[i] / sums[column] : out[i] - sums[column];
      }
    }
  }
}

template <Result result, class T>
void normalise(const T* x, const AxisView& view, T* out) {
  const std::int64_t kept = result == Result::logsumexp ? 1 : view.length;
  if (view.inner == 1) {
    const std::int64_t at_once = view.length > short_row ? 1 : scratch_elements / view.length;
    for (std::int64_t row = 0; row < view.outer; row += at_once) {
      const T* from = x + row * view.length;
      if (view.length > short_row) {
        long_row<result>(from, view.length, out + row * kept);
      } else {
        short_rows<result>(from, std::min(at_once, view.outer - row), view.length, out + row * kept);
      }
    }
    return;
  }
  for (std::int64_t o = 0; o < view.outer; ++o) {
    const T* from = x + o * view.length * view.inner;
    T* to = out + o * kept * view.inner;
    for (std::int64_t column = 0; column < view.inner; column += tile_columns) {
      const Columns columns{view.length, std::min(tile_columns, view.inner - column), view.inner};
      down_columns<result>(from + column, columns, to + column);
    }
  }
}

}  // namespace

template <class T>
void softmax(const T* x, const AxisView& view, T* out) {
  if (view.length > 0) {
    normalise<Result::softmax>(x, view, out);
  }
}

template <class T>
void log_softmax(const T* x, const AxisView& view, T* out) {
  if (view.length > 0) {
    normalise<Result::log_softmax>(x, view, out);
  }
}

template <class T>
void logsumexp(const T* x, const AxisView& view, T* out) {
  if (view.length == 0) {
    std::fill_n(out, view.outer * view.inner, -std::numeric_limits<T>::infinity());
  } else {
    normalise<Result::logsumexp>(x, view, out);
  }
}

template void softmax<float>(const float*, const AxisView&, float*);
template void softmax<double>(const double*, const AxisView&, double*);
template void log_softmax<float>(const float*, const AxisView&, float*);
template void log_softmax<double>(const double*, const AxisView&, double*);
template void logsumexp<float>(const float*, const AxisView&, float*);
template void logsumexp<double>(const double*, const AxisView&, double*);

}  // namespace xgrad::run
