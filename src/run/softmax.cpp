#include "run/softmax.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "run/folds.hpp"
#include "run/isa.hpp"

namespace xgrad::run {

namespace {

enum class Result : std::uint8_t { softmax, log_softmax, logsumexp };

constexpr std::int64_t scratch_elements = 2048;
constexpr std::int64_t tile_columns = 256;

// x − m, and 0 where both are the same infinity.
template <class T>
T difference(T x, T m) noexcept {
  return x == m ? T{0} : x - m;
}

// The elements of one result block, seen as (rows, columns) with `stride` from row to row. The normalisation runs along
// one of the two.
template <class T, Result result>
class Normaliser {
 public:
  explicit Normaliser(const Operation& operation) noexcept : operation_{operation}, exp_{kernel()} {}

  // Along the columns of `rows` adjacent rows, as many as fit into the scratch memory, or one.
  void rows(const T* x, std::int64_t rows, std::int64_t columns, T* out) {
    if (columns > scratch_elements) {
      return long_row(x, columns, out);
    }
    std::array<T, scratch_elements> largest;  // NOLINT: filled before it is read
    for (std::int64_t row = 0; row < rows; ++row) {
      const T* from = x + row * columns;
      const T m = Largest<T>::run(from, columns);
      largest[static_cast<std::size_t>(row)] = m;
      T* to = scratch_.data() + row * columns;
      for (std::int64_t i = 0; i < columns; ++i) {
        to[i] = difference(from[i], m);
      }
    }
    if constexpr (result == Result::log_softmax) {
      std::copy_n(scratch_.data(), rows * columns, out);
    }
    exponentiate(rows * columns);
    for (std::int64_t row = 0; row < rows; ++row) {
      const T* exponentials = scratch_.data() + row * columns;
      const T s = Sum<T>::run(exponentials, columns);
      if constexpr (result == Result::logsumexp) {
        out[row] = largest[static_cast<std::size_t>(row)] + std::log(s);
      } else {
        T* to = out + row * columns;
        const T log_s = std::log(s);
        for (std::int64_t i = 0; i < columns; ++i) {
          to[i] = result == Result::softmax ? exponentials[i] / s : to[i] - log_s;
        }
      }
    }
  }

  // Down the rows of at most tile_columns columns.
  void columns(const T* x, std::int64_t rows, std::int64_t columns, std::int64_t stride, T* out) {
    std::array<T, tile_columns> m;  // NOLINT: filled before it is read
    std::array<T, tile_columns> s;  // NOLINT: filled before it is read
    std::fill_n(m.data(), columns, Largest<T>::identity());
    std::fill_n(s.data(), columns, T{0});
    for (std::int64_t row = 0; row < rows; ++row) {
      Largest<T>::rows(m.data(), x + row * stride, 1, columns);
    }
    const std::int64_t chunk = std::max<std::int64_t>(1, scratch_elements / columns);
    for (std::int64_t start = 0; start < rows; start += chunk) {
      const std::int64_t count = std::min(chunk, rows - start);
      for (std::int64_t row = 0; row < count; ++row) {
        const T* from = x + (start + row) * stride;
        T* to = scratch_.data() + row * columns;
        for (std::int64_t i = 0; i < columns; ++i) {
          to[i] = difference(from[i], m[static_cast<std::size_t>(i)]);
        }
        if constexpr (result == Result::log_softmax) {
          std::copy_n(to, columns, out + (start + row) * stride);
        }
      }
      exponentiate(count * columns);
      Sum<T>::rows(s.data(), scratch_.data(), count, columns);
      for (std::int64_t row = 0; result == Result::softmax && row < count; ++row) {
        std::copy_n(scratch_.data() + row * columns, columns, out + (start + row) * stride);
      }
    }
    finish_columns(m.data(), s.data(), rows, columns, stride, out);
  }

 private:
  static TileKernel kernel() noexcept {
    const VectorKernel& exp = vector_kernels().exp;
    return std::is_same_v<T, float> ? exp.float32 : exp.float64;
  }

  void exponentiate(std::int64_t count) {
    const void* input = scratch_.data();
    exp_(operation_, &input, scratch_.data(), static_cast<std::size_t>(count));
  }

  void long_row(const T* x, std::int64_t count, T* out) {
    const T m = Largest<T>::run(x, count);
    double sum = 0;
    for (std::int64_t start = 0; start < count; start += scratch_elements) {
      const std::int64_t width = std::min(scratch_elements, count - start);
      for (std::int64_t i = 0; i < width; ++i) {
        scratch_[static_cast<std::size_t>(i)] = difference(x[start + i], m);
      }
      if constexpr (result == Result::log_softmax) {
        std::copy_n(scratch_.data(), width, out + start);
      }
      exponentiate(width);
      sum += static_cast<double>(Sum<T>::run(scratch_.data(), width));
      if constexpr (result == Result::softmax) {
        std::copy_n(scratch_.data(), width, out + start);
      }
    }
    const T s = static_cast<T>(sum);
    if constexpr (result == Result::logsumexp) {
      *out = m + std::log(s);
    } else {
      finish_row(s, count, out);
    }
  }

  static void finish_row(T s, std::int64_t count, T* out) noexcept {
    const T log_s = std::log(s);
    for (std::int64_t i = 0; i < count; ++i) {
      out[i] = result == Result::softmax ? out[i] / s : out[i] - log_s;
    }
  }

  static void finish_columns(const T* m, T* s, std::int64_t rows, std::int64_t columns, std::int64_t stride,
                             T* out) noexcept {
    if constexpr (result != Result::softmax) {
      std::transform(s, s + columns, s, [](T sum) { return std::log(sum); });
    }
    if constexpr (result == Result::logsumexp) {
      std::transform(m, m + columns, s, out, [](T largest, T log_s) { return largest + log_s; });
      return;
    }
    for (std::int64_t row = 0; row < rows; ++row, out += stride) {
      for (std::int64_t i = 0; i < columns; ++i) {
        out[i] = result == Result::softmax ? out[i] / s[i] : out[i] - s[i];
      }
    }
  }

  const Operation& operation_;
  TileKernel exp_;
  alignas(64) std::array<T, scratch_elements> scratch_;  // NOLINT: filled before it is read
};

template <Result result, class T>
void normalise(const Operation& operation, const T* x, const AxisView& view, T* out) {
  Normaliser<T, result> normaliser{operation};
  if (view.inner == 1) {
    const std::int64_t rows_at_once = std::max<std::int64_t>(1, scratch_elements / view.length);
    for (std::int64_t row = 0; row < view.outer; row += rows_at_once) {
      const std::int64_t rows = std::min(rows_at_once, view.outer - row);
      normaliser.rows(x + row * view.length, rows, view.length,
                      out + row * (result == Result::logsumexp ? 1 : view.length));
    }
    return;
  }
  const std::int64_t block = view.length * view.inner;
  for (std::int64_t o = 0; o < view.outer; ++o) {
    for (std::int64_t column = 0; column < view.inner; column += tile_columns) {
      const std::int64_t width = std::min(tile_columns, view.inner - column);
      normaliser.columns(x + o * block + column, view.length, width, view.inner,
                         out + o * (result == Result::logsumexp ? view.inner : block) + column);
    }
  }
}

}  // namespace

template <class T>
void softmax(const Operation& operation, const T* x, const AxisView& view, T* out) {
  if (view.length > 0) {
    normalise<Result::softmax>(operation, x, view, out);
  }
}

template <class T>
void log_softmax(const Operation& operation, const T* x, const AxisView& view, T* out) {
  if (view.length > 0) {
    normalise<Result::log_softmax>(operation, x, view, out);
  }
}

template <class T>
void logsumexp(const Operation& operation, const T* x, const AxisView& view, T* out) {
  if (view.length == 0) {
    std::fill_n(out, view.outer * view.inner, -std::numeric_limits<T>::infinity());
  } else {
    normalise<Result::logsumexp>(operation, x, view, out);
  }
}

template void softmax<float>(const Operation&, const float*, const AxisView&, float*);
template void softmax<double>(const Operation&, const double*, const AxisView&, double*);
template void log_softmax<float>(const Operation&, const float*, const AxisView&, float*);
template void log_softmax<double>(const Operation&, const double*, const AxisView&, double*);
template void logsumexp<float>(const Operation&, const float*, const AxisView&, float*);
template void logsumexp<double>(const Operation&, const double*, const AxisView&, double*);

}  // namespace xgrad::run
