#include "run/reduce.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "run/folds.hpp"

namespace xgrad::run {

std::vector<ReductionAxis> merge_axes(const Shape& shape, std::span<const std::size_t> reduced) {
  std::vector<ReductionAxis> axes;
  for (std::size_t i = 0; i < shape.rank(); ++i) {
    if (shape[i] == 1) {
      continue;
    }
    const bool gone = std::find(reduced.begin(), reduced.end(), i) != reduced.end();
    if (!axes.empty() && axes.back().reduced == gone) {
      axes.back().length *= shape[i];
    } else {
      axes.push_back({shape[i], gone});
    }
  }
  return axes;
}

namespace {

// A matrix (rows, columns) of the innermost two merged axes, of which one is reduced.
struct Matrix {
  std::int64_t rows = 1;
  std::int64_t columns = 1;
  bool columns_reduced = false;
};

template <class Fold, class T>
void fold_matrix(const Matrix& matrix, const T* x, T* out) {
  if (!matrix.columns_reduced) {
    Fold::rows(out, x, matrix.rows, matrix.columns);
    return;
  }
  for (std::int64_t row = 0; row < matrix.rows; ++row) {
    out[row] = Fold::combine(out[row], Fold::run(x + row * matrix.columns, matrix.columns));
  }
}

template <class Fold, class T>
void reduce(const T* x, const Shape& shape, std::span<const std::size_t> axes, T* out) {
  std::int64_t kept = 1;
  for (std::size_t i = 0; i < shape.rank(); ++i) {
    kept *= std::find(axes.begin(), axes.end(), i) == axes.end() ? shape[i] : 1;
  }
  std::fill_n(out, kept, Fold::identity());
  if (shape.size() == 0) {
    return;
  }
  auto outer = merge_axes(shape, axes);
  Matrix matrix;
  if (!outer.empty()) {
    matrix.columns = outer.back().length;
    matrix.columns_reduced = outer.back().reduced;
    outer.pop_back();
  }
  if (!outer.empty()) {
    matrix.rows = outer.back().length;
    outer.pop_back();
  }
  // Per outer axis the step of the output: 0 along a reduced one.
  std::array<std::int64_t, Shape::max_rank> output_step{};
  std::int64_t step = matrix.columns_reduced ? matrix.rows : matrix.columns;
  for (std::size_t axis = outer.size(); axis-- > 0;) {
    output_step[axis] = outer[axis].reduced ? 0 : step;
    step *= outer[axis].reduced ? 1 : outer[axis].length;
  }
  std::array<std::int64_t, Shape::max_rank> position{};
  std::int64_t output = 0;
  const std::int64_t stride = matrix.rows * matrix.columns;
  for (std::int64_t left = shape.size(); left > 0; left -= stride, x += stride) {
    fold_matrix<Fold>(matrix, x, out + output);
    for (std::size_t axis = outer.size(); axis-- > 0;) {
      output += output_step[axis];
      if (++position[axis] < outer[axis].length) {
        break;
      }
      output -= position[axis] * output_step[axis];
      position[axis] = 0;
    }
  }
}

template <class T>
bool is_nan(T x) noexcept {
  return x != x;
}

// The fold of a run, and then its first place: two fast loops.
template <class Fold, class T>
std::int64_t find_in_run(const T* x, std::int64_t count) noexcept {
  const T wanted = Fold::run(x, count);
  const T* place = is_nan(wanted) ? std::find_if(x, x + count, is_nan<T>) : std::find(x, x + count, wanted);
  return place - x;
}

// Column tiles, so that the best so far stay in the nearest cache.
template <class Fold, class T>
void find_in_columns(const T* x, std::int64_t rows, std::int64_t columns, std::int64_t* out) noexcept {
  constexpr std::int64_t tile = 256;
  std::array<T, static_cast<std::size_t>(tile)> best;  // NOLINT: filled before it is read
  for (std::int64_t start = 0; start < columns; start += tile) {
    const std::int64_t width = std::min(tile, columns - start);
    std::copy_n(x + start, width, best.data());
    std::fill_n(out + start, width, 0);
    for (std::int64_t row = 1; row < rows; ++row) {
      const T* candidates = x + row * columns + start;
      for (std::int64_t i = 0; i < width; ++i) {
        T& incumbent = best[static_cast<std::size_t>(i)];
        // The fold prefers its second argument among equals.
        const T winner = Fold::combine(candidates[i], incumbent);
        const bool replaced = winner != incumbent && !is_nan(incumbent);
        out[start + i] = replaced ? row : out[start + i];
        incumbent = replaced ? winner : incumbent;
      }
    }
  }
}

template <class Fold, class T>
void find(const T* x, const AxisView& view, std::int64_t* out) noexcept {
  for (std::int64_t o = 0; o < view.outer; ++o, x += view.length * view.inner, out += view.inner) {
    if (view.inner == 1) {
      *out = find_in_run<Fold>(x, view.length);
    } else {
      find_in_columns<Fold>(x, view.length, view.inner, out);
    }
  }
}

}  // namespace

template <class T>
void reduce_sum(const T* x, const Shape& shape, std::span<const std::size_t> axes, T* out) {
  reduce<Sum<T>>(x, shape, axes, out);
}

template <class T>
void reduce_prod(const T* x, const Shape& shape, std::span<const std::size_t> axes, T* out) {
  reduce<Product<T>>(x, shape, axes, out);
}

template <class T>
void reduce_max(const T* x, const Shape& shape, std::span<const std::size_t> axes, T* out) {
  reduce<Largest<T>>(x, shape, axes, out);
}

template <class T>
void reduce_min(const T* x, const Shape& shape, std::span<const std::size_t> axes, T* out) {
  reduce<Smallest<T>>(x, shape, axes, out);
}

template <class T>
void find_max(const T* x, const AxisView& view, std::int64_t* out) {
  find<Largest<T>>(x, view, out);
}

template <class T>
void find_min(const T* x, const AxisView& view, std::int64_t* out) {
  find<Smallest<T>>(x, view, out);
}

// NOLINTBEGIN(bugprone-macro-parentheses): T is a type
#define XGRAD_REDUCTIONS(T) /* NOLINT(cppcoreguidelines-macro-usage) */                   \
  template void reduce_sum<T>(const T*, const Shape&, std::span<const std::size_t>, T*);  \
  template void reduce_prod<T>(const T*, const Shape&, std::span<const std::size_t>, T*); \
  template void reduce_max<T>(const T*, const Shape&, std::span<const std::size_t>, T*);  \
  template void reduce_min<T>(const T*, const Shape&, std::span<const std::size_t>, T*);  \
  template void find_max<T>(const T*, const AxisView&, std::int64_t*);                    \
  template void find_min<T>(const T*, const AxisView&, std::int64_t*)
// NOLINTEND(bugprone-macro-parentheses)
XGRAD_REDUCTIONS(float);
XGRAD_REDUCTIONS(double);
XGRAD_REDUCTIONS(std::int64_t);
#undef XGRAD_REDUCTIONS

}  // namespace xgrad::run
