#include "run/reductions/reduce.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>

#include "run/reductions/folds.hpp"

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

// The offsets of all positions along some axes, the last one fastest.
class Offsets {
 public:
  void add_inner(std::int64_t length, std::int64_t step) {
    axes_[rank_] = {length, step, 0};
    ++rank_;
    count_ *= length;
  }

  [[nodiscard]] std::int64_t count() const noexcept { return count_; }

  // The present one, and on to the next one; behind the last comes the first.
  std::int64_t next() noexcept {
    const std::int64_t present = offset_;
    for (std::size_t axis = rank_; axis-- > 0;) {
      Axis& a = axes_[axis];
      offset_ += a.step;
      if (++a.position < a.length) {
        break;
      }
      offset_ -= a.position * a.step;
      a.position = 0;
    }
    return present;
  }

 private:
  struct Axis {
    std::int64_t length;
    std::int64_t step;
    std::int64_t position;
  };
  std::array<Axis, Shape::max_rank> axes_{};
  std::size_t rank_ = 0;
  std::int64_t count_ = 1;
  std::int64_t offset_ = 0;
};

// Results [start, start + width) of a matrix, folded into `results`.
template <class Fold, class T>
void fold_matrix(const Matrix& matrix, const T* x, std::int64_t start, std::int64_t width,
                 typename Fold::Accumulator* results) {
  if (!matrix.columns_reduced) {
    Fold::rows(results, x + start, matrix.rows, width, matrix.columns);
    return;
  }
  for (std::int64_t i = 0; i < width; ++i) {
    results[i] = Fold::Wide::combine(results[i], Fold::run(x + (start + i) * matrix.columns, matrix.columns));
  }
}

std::int64_t results_of(const Shape& shape, std::span<const std::size_t> axes) noexcept {
  std::int64_t count = 1;
  for (std::size_t i = 0; i < shape.rank(); ++i) {
    count *= std::find(axes.begin(), axes.end(), i) == axes.end() ? shape[i] : 1;
  }
  return count;
}

// A tile of results at a time is held in the accumulator's type, in the nearest cache, until all that goes into it is
// read; `finish` makes an element of it, or of it and the element that is there.
template <class Fold, class T, class Finish>
void reduce(const T* x, const Shape& shape, std::span<const std::size_t> axes, T* out, Finish finish) {
  using Accumulator = typename Fold::Accumulator;
  constexpr std::int64_t tile = 1024;
  if (shape.size() == 0) {
    if constexpr (std::is_invocable_v<Finish, Accumulator>) {
      std::fill_n(out, results_of(shape, axes), finish(Fold::Wide::identity()));
    }
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
  Offsets kept;
  Offsets reduced;
  std::int64_t step = shape.size();
  for (const ReductionAxis& axis : outer) {
    step /= axis.length;
    (axis.reduced ? reduced : kept).add_inner(axis.length, step);
  }
  const std::int64_t results = matrix.columns_reduced ? matrix.rows : matrix.columns;
  std::array<Accumulator, static_cast<std::size_t>(tile)> accumulators;  // NOLINT: filled before it is read
  for (std::int64_t k = 0; k < kept.count(); ++k, out += results) {
    const T* from = x + kept.next();
    for (std::int64_t start = 0; start < results; start += tile) {
      const std::int64_t width = std::min(tile, results - start);
      std::fill_n(accumulators.data(), width, Fold::Wide::identity());
      for (std::int64_t r = 0; r < reduced.count(); ++r) {
        fold_matrix<Fold>(matrix, from + reduced.next(), start, width, accumulators.data());
      }
      if constexpr (std::is_invocable_v<Finish, Accumulator>) {
        std::transform(accumulators.data(), accumulators.data() + width, out + start, finish);
      } else {
        std::transform(accumulators.data(), accumulators.data() + width, out + start, out + start, finish);
      }
    }
  }
}

template <class Fold, class T>
void reduce(const T* x, const Shape& shape, std::span<const std::size_t> axes, T* out) {
  reduce<Fold>(x, shape, axes, out, [](typename Fold::Accumulator result) { return static_cast<T>(result); });
}

// How many elements go into each result.
std::int64_t terms(const Shape& shape, std::span<const std::size_t> axes) noexcept {
  std::int64_t count = 1;
  for (const std::size_t axis : axes) {
    count *= shape[axis];
  }
  return count;
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
  if constexpr (std::is_same_v<T, float>) {
    if (terms(shape, axes) <= exact_terms) {
      reduce<FewSum<T>>(x, shape, axes, out);
      return;
    }
  }
  reduce<Sum<T>>(x, shape, axes, out);
}

template <class T>
void reduce_mean(const T* x, const Shape& shape, std::span<const std::size_t> axes, double count, T* out) {
  reduce<Sum<T>>(x, shape, axes, out, [count](double sum) { return static_cast<T>(sum / count); });
}

template <class T>
void reduce_norm(const T* x, const Shape& shape, std::span<const std::size_t> axes, T* out) {
  reduce<SumOfSquares<T, 0>>(x, shape, axes, out, [](double squares) { return static_cast<T>(std::sqrt(squares)); });
  if constexpr (std::is_same_v<T, double>) {
    // Below the first and above the second, squares that matter may have under- or overflowed: again, scaled.
    constexpr double small = power_of_two(-450);
    constexpr double large = power_of_two(500);
    const T* end = out + results_of(shape, axes);
    if (std::any_of(static_cast<const T*>(out), end, [](T y) { return y < small; })) {
      reduce<SumOfSquares<T, 600>>(x, shape, axes, out, [](double squares, T y) {
        return y < small ? std::sqrt(squares) * power_of_two(-600) : y;
      });
    }
    if (std::any_of(static_cast<const T*>(out), end, [](T y) { return y > large; })) {
      reduce<SumOfSquares<T, -600>>(x, shape, axes, out, [](double squares, T y) {
        return y > large ? std::sqrt(squares) * power_of_two(600) : y;
      });
    }
  }
}

template <class T>
void reduce_prod(const T* x, const Shape& shape, std::span<const std::size_t> axes, T* out) {
  if (terms(shape, axes) == 1) {
    std::copy_n(x, shape.size(), out);
    return;
  }
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
template void reduce_norm<float>(const float*, const Shape&, std::span<const std::size_t>, float*);
template void reduce_norm<double>(const double*, const Shape&, std::span<const std::size_t>, double*);
template void reduce_mean<float>(const float*, const Shape&, std::span<const std::size_t>, double, float*);
template void reduce_mean<double>(const double*, const Shape&, std::span<const std::size_t>, double, double*);

}  // namespace xgrad::run
