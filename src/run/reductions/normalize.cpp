#include "run/reductions/normalize.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>
#include <vector>

#include "run/reductions/folds.hpp"
#include "run/threads.hpp"

namespace xgrad::run {

namespace {

constexpr std::int64_t chunk_elements = 512;
constexpr std::int64_t short_item = 64;
constexpr std::int64_t short_sum = 24;  // not worth the call of a vector kernel
constexpr std::int64_t block_items = 16;
constexpr std::int64_t block_elements = 4096;
constexpr std::int64_t columns_at_once = 128;
constexpr std::int64_t enough_for_thread = 1 << 17;  // elements for a thread of their own

template <class T>
using Chunk = std::array<T, static_cast<std::size_t>(chunk_elements)>;

// x is multiplied by this where its sum or squares overflow.
template <class T>
constexpr T smaller = std::is_same_v<T, float> ? T{0x1p-10F} : static_cast<T>(0x1p-600);

// x̂ = (factor x − shift − rest) / deviation, where √(σ² + ε) = deviation / factor.
template <class T>
struct Statistics {
  T factor = 1;
  T shift = 0;
  double rest = 0;
  double deviation = 0;
};

// What is normalised together: `rows` runs, `stride` elements apart.
struct Item {
  std::int64_t rows;
  std::int64_t run;
  std::int64_t stride;
  double count;  ///< rows · run
};

Item item_of(std::int64_t rows, std::int64_t run, std::int64_t stride) noexcept {
  return {rows, run, stride, static_cast<double>(rows) * static_cast<double>(run)};
}

// f(elements, count) for all of an item in order: its runs, or pieces that short ones are gathered in.
template <class T, class F>
void for_chunks(const T* x, const Item& item, F f) {
  if (item.rows == 1 || item.run >= short_item) {
    for (std::int64_t row = 0; row < item.rows; ++row) {
      f(x + row * item.stride, item.run);
    }
    return;
  }
  alignas(64) Chunk<T> gathered;  // NOLINT: filled before it is read
  std::int64_t filled = 0;
  for (std::int64_t row = 0; row < item.rows; ++row) {
    if (filled + item.run > chunk_elements) {
      f(gathered.data(), filled);
      filled = 0;
    }
    std::copy_n(x + row * item.stride, item.run, gathered.data() + filled);
    filled += item.run;
  }
  f(gathered.data(), filled);
}

// Σ d and Σ d² of d = factor x − shift.
using Moments = std::array<double, 2>;

// The squares of a small factor leave double's range, those of √ε don't.
template <class T>
void conclude(Statistics<T>& s, const Moments& moments, double count, const Normalization& normalization) {
  s.rest = normalization.centred ? moments[0] / count : 0;
  const double variance = std::max(moments[1] / count - s.rest * s.rest, 0.0);
  s.deviation = s.factor == 1
                    ? std::sqrt(variance + normalization.epsilon)
                    : std::hypot(std::sqrt(variance), static_cast<double>(s.factor) * std::sqrt(normalization.epsilon));
}

template <class T>
Moments moments_of(const T* x, const Item& item, T factor, T shift) {
  Moments moments{};
  for_chunks(x, item, [&](const T* part, std::int64_t count) {
    row_kernels<T>().add_moments(part, factor, shift, static_cast<std::size_t>(count), moments.data());
  });
  return moments;
}

template <class T>
double sum_of(const T* x, const Item& item, T factor) {
  if (factor != 1) {
    return moments_of(x, item, factor, T{0})[0];
  }
  double sum = 0;
  for_chunks(x, item, [&](const T* part, std::int64_t count) {
    sum += count > short_sum ? row_kernels<T>().sum(part, static_cast<std::size_t>(count))
                             : static_cast<double>(Sum<T>::run(part, count));
  });
  return sum;
}

template <class T>
Statistics<T> statistics(const T* x, const Item& item, const Normalization& normalization, T factor) {
  Statistics<T> s;
  s.factor = factor;
  s.shift = normalization.centred ? static_cast<T>(sum_of(x, item, factor) / item.count) : T{0};
  conclude(s, moments_of(x, item, factor, s.shift), item.count, normalization);
  return s;
}

template <class T>
bool all_finite(const T* x, const Item& item) {
  bool finite = true;
  for_chunks(x, item, [&](const T* part, std::int64_t count) {
    finite = finite && std::all_of(part, part + count, [](T value) { return std::isfinite(value); });
  });
  return finite;
}

template <class T>
Statistics<T> statistics_in_two_goes(const T* x, const Item& item, const Normalization& normalization) {
  const Statistics<T> s = statistics(x, item, normalization, T{1});
  return std::isfinite(s.deviation) || !all_finite(x, item) ? s : statistics(x, item, normalization, smaller<T>);
}

// Of float32 less its mean, in one go: about its first element x₀, in double. As (x₀ − μ)² ≤ n σ² the two terms of the
// variance don't cancel by more than n.
Statistics<float> statistics_in_one_go(const float* x, const Item& item, const Normalization& normalization) {
  constexpr double large = 1e33;  // x − μ may overflow
  const auto about = static_cast<double>(x[0]);
  Moments moments{};
  for_chunks(x, item, [&](const float* part, std::int64_t count) {
    row_kernels<float>().add_wide_moments(part, about, static_cast<std::size_t>(count), moments.data());
  });
  Statistics<float> s;
  conclude(s, moments, item.count, normalization);
  const double mean = about + s.rest;
  s.shift = static_cast<float>(mean);
  s.rest = mean - static_cast<double>(s.shift);
  return s.deviation < large ? s : statistics_in_two_goes(x, item, normalization);
}

template <class T>
using BlockStatistics = std::array<Statistics<T>, static_cast<std::size_t>(block_items)>;

// Of items that lie one behind the other. Each step of all of them before the next: a step waits for the one before it.
template <class T>
void statistics(const T* x, const Item& item, std::int64_t items, const Normalization& normalization,
                BlockStatistics<T>& s) {
  std::array<Moments, static_cast<std::size_t>(block_items)> moments;  // NOLINT: filled before it is read
  const auto count = static_cast<std::size_t>(items);
  const auto start = [&](std::size_t i) { return x + static_cast<std::int64_t>(i) * item.run; };
  if constexpr (std::is_same_v<T, float>) {
    constexpr double long_item = 256;
    if (normalization.centred && item.count >= long_item) {
      for (std::size_t i = 0; i < count; ++i) {
        s[i] = statistics_in_one_go(start(i), item, normalization);
      }
      return;
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    s[i] = {};
    s[i].shift = normalization.centred ? static_cast<T>(sum_of(start(i), item, T{1}) / item.count) : T{0};
  }
  for (std::size_t i = 0; i < count; ++i) {
    moments[i] = moments_of(start(i), item, T{1}, s[i].shift);
  }
  for (std::size_t i = 0; i < count; ++i) {
    conclude(s[i], moments[i], item.count, normalization);
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (!std::isfinite(s[i].deviation) && all_finite(start(i), item)) {
      s[i] = statistics(start(i), item, normalization, smaller<T>);
    }
  }
}

template <class T>
T deviation_of(const Statistics<T>& s) noexcept {
  return static_cast<T>(s.deviation / static_cast<double>(s.factor));
}

template <class T>
void write_item(const T* x, const Item& item, const Statistics<T>& s, T* out) {
  const Standard<T> standard{s.factor, s.shift, static_cast<T>(s.rest), static_cast<T>(1 / s.deviation)};
  for (std::int64_t row = 0; row < item.rows; ++row) {
    const std::int64_t at = row * item.stride;
    row_kernels<T>().standardise(x + at, standard, out + at, static_cast<std::size_t>(item.run));
  }
}

// Adjacent columns, each of `rows` elements that are `stride` apart.
struct NormalizedColumns {
  std::int64_t rows;
  std::int64_t width;
  std::int64_t stride;
};

template <class T>
using ColumnStatistics = std::array<Statistics<T>, static_cast<std::size_t>(columns_at_once)>;
template <class T>
using Row = std::array<T, static_cast<std::size_t>(columns_at_once)>;

template <class T>
void column_statistics(const T* x, const NormalizedColumns& columns, const Normalization& normalization,
                       ColumnStatistics<T>& s) {
  const auto [rows, width, stride] = columns;
  const Item column_item = item_of(rows, 1, stride);
  Row<T> shift{};
  if (normalization.centred) {
    Row<double> sums{};
    Sum<T>::rows(sums.data(), x, rows, width, stride);
    std::transform(sums.begin(), sums.begin() + width, shift.begin(),
                   [&](double sum) { return static_cast<T>(sum / column_item.count); });
  }
  Row<double> sums{};
  Row<double> squares{};
  alignas(64) Chunk<T> d;  // NOLINT: filled before it is read
  const std::int64_t at_once = chunk_elements / width;
  for (std::int64_t start = 0; start < rows; start += at_once) {
    const std::int64_t some = std::min(at_once, rows - start);
    for (std::int64_t row = 0; row < some; ++row) {
      const T* from = x + (start + row) * stride;
      T* to = d.data() + row * width;
      for (std::int64_t i = 0; i < width; ++i) {
        to[i] = from[i] - shift[static_cast<std::size_t>(i)];
      }
    }
    Sum<T>::rows(sums.data(), d.data(), some, width, width);
    SumOfSquares<T, 0>::rows(squares.data(), d.data(), some, width, width);
  }
  for (std::int64_t i = 0; i < width; ++i) {
    const auto column = static_cast<std::size_t>(i);
    s[column] = {.factor = 1, .shift = shift[column], .rest = 0, .deviation = 0};
    conclude(s[column], {sums[column], squares[column]}, column_item.count, normalization);
    if (!std::isfinite(s[column].deviation)) {
      BlockStatistics<T> again;
      statistics(x + i, column_item, 1, normalization, again);
      s[column] = again[0];
    }
  }
}

template <class T>
void write_columns(const T* x, const NormalizedColumns& columns, const ColumnStatistics<T>& s, T* out) {
  Row<T> factor;   // NOLINT: filled before it is read
  Row<T> shift;    // NOLINT: filled before it is read
  Row<T> rest;     // NOLINT: filled before it is read
  Row<T> inverse;  // NOLINT: filled before it is read
  for (std::size_t i = 0; i < static_cast<std::size_t>(columns.width); ++i) {
    factor[i] = s[i].factor;
    shift[i] = s[i].shift;
    rest[i] = static_cast<T>(s[i].rest);
    inverse[i] = static_cast<T>(1 / s[i].deviation);
  }
  for (std::int64_t row = 0; row < columns.rows; ++row) {
    const T* from = x + row * columns.stride;
    T* to = out + row * columns.stride;
    for (std::size_t i = 0; i < static_cast<std::size_t>(columns.width); ++i) {
      to[i] = (factor[i] * from[i] - shift[i] - rest[i]) * inverse[i];
    }
  }
}

// f_items(first element, index of the first result, item, how many), or f_columns(first element, index of the first
// result, columns).
template <class FItems, class FColumns>
void for_parts(NormalizedView view, FItems f_items, FColumns f_columns) {
  if (view.columns == 1) {
    view.run *= view.rows;
    view.rows = 1;
  }
  const std::int64_t stride = view.columns * view.run;
  const std::int64_t outer_stride = view.rows * stride;
  if (view.run != 1 || view.columns == 1) {
    const std::int64_t grain =
        std::max<std::int64_t>(enough_for_thread / std::max<std::int64_t>(view.rows * view.run, 1), 1);
    parallel_for(view.outer * view.columns, grain, [&](std::int64_t begin, std::int64_t end) {
      const Item item = item_of(view.rows, view.run, stride);
      if (view.columns == 1) {
        const std::int64_t at_once =
            std::clamp<std::int64_t>(block_elements / std::max<std::int64_t>(view.run, 1), 1, block_items);
        for (std::int64_t index = begin; index < end; index += at_once) {
          f_items(index * view.run, index, item, std::min(at_once, end - index));
        }
        return;
      }
      for (std::int64_t index = begin; index < end; ++index) {
        f_items(index / view.columns * outer_stride + index % view.columns * view.run, index, item, std::int64_t{1});
      }
    });
    return;
  }
  const std::int64_t tiles = (view.columns + columns_at_once - 1) / columns_at_once;
  const std::int64_t grain =
      std::max<std::int64_t>(enough_for_thread / std::max<std::int64_t>(view.rows * columns_at_once, 1), 1);
  parallel_for(view.outer * tiles, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t index = begin; index < end; ++index) {
      const std::int64_t column = index % tiles * columns_at_once;
      const std::int64_t outer = index / tiles;
      f_columns(outer * outer_stride + column, outer * view.columns + column,
                NormalizedColumns{view.rows, std::min(columns_at_once, view.columns - column), view.columns});
    }
  });
}

// t y as the chain rule takes it, and t / y: those of chain_mul and chain_div.
template <class T>
T chain_product(T t, T y) noexcept {
  return t == 0 || (y == 0 && !std::isnan(t)) ? T{0} : t * y;
}
template <class T>
T chain_quotient(T t, T y) noexcept {
  return t == 0 ? T{0} : t / y;
}

// f(offset of a run) for those of an item.
template <class F>
void for_runs(const Item& item, F f) {
  for (std::int64_t row = 0; row < item.rows; ++row) {
    f(row * item.stride);
  }
}

// Σ g, and Σ g n as it is.
template <class T>
Moments plain_sums(const T* g, const T* n, const Item& item) {
  Moments sums{};
  for_runs(item, [&](std::int64_t at) {
    row_kernels<T>().add_products(g + at, n + at, static_cast<std::size_t>(item.run), sums.data());
  });
  return sums;
}

// Σ g n where that isn't finite.
template <class T>
double chain_sum(const T* g, const T* n, const Item& item) {
  double products = 0;
  for_runs(item, [&](std::int64_t at) {
    for (std::int64_t i = at; i < at + item.run; ++i) {
      products += static_cast<double>(chain_product(g[i], n[i]));
    }
  });
  return products;
}

// Where something isn't finite, or no number is near 1/d.
template <class T>
void chain_adjoint(const T* g, const T* n, T d, const Item& item, T mean, T* out) {
  const T share = static_cast<T>(chain_sum(g, n, item) / item.count);
  for_runs(item, [&](std::int64_t at) {
    for (std::int64_t i = at; i < at + item.run; ++i) {
      out[i] = chain_quotient(g[i] - mean - chain_product(share, n[i]), d);
    }
  });
}

template <class T>
void adjoint_of_item(const T* g, const T* n, T d, const Item& item, bool centred, T* out) {
  const auto run = static_cast<std::size_t>(item.run);
  const Moments sums = plain_sums(g, n, item);
  const Residual<T> residual{centred ? static_cast<T>(sums[0] / item.count) : T{0},
                             static_cast<T>(sums[1] / item.count), 1 / d};
  if (!std::isfinite(residual.mean) || !std::isfinite(residual.share) || !std::isnormal(residual.scale)) {
    chain_adjoint(g, n, d, item, residual.mean, out);
    return;
  }
  for_runs(item, [&](std::int64_t at) { row_kernels<T>().residual(g + at, n + at, residual, out + at, run); });
}

// f(first element, index of the result, item).
template <class F>
void for_items(NormalizedView view, F f) {
  if (view.columns == 1) {
    view.run *= view.rows;
    view.rows = 1;
  }
  const Item item = item_of(view.rows, view.run, view.columns * view.run);
  const std::int64_t elements = std::max<std::int64_t>(view.rows * view.run, 1);
  parallel_for(view.outer * view.columns, std::max<std::int64_t>(enough_for_thread / elements, 1),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t index = begin; index < end; ++index) {
                   f(index / view.columns * view.rows * item.stride + index % view.columns * view.run, index, item);
                 }
               });
}

}  // namespace

std::optional<NormalizedView> normalized_view(const Shape& shape, std::span<const std::size_t> axes) {
  // Kept, normalised, kept, normalised.
  std::array<std::int64_t, 4> lengths{1, 1, 1, 1};
  std::size_t part = 0;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] == 1) {
      continue;
    }
    const bool normalised = std::find(axes.begin(), axes.end(), axis) != axes.end();
    part += (part % 2 == 1) == normalised ? 0U : 1U;
    if (part == lengths.size()) {
      return std::nullopt;
    }
    lengths[part] *= shape[axis];
  }
  return NormalizedView{lengths[0], lengths[1], lengths[2], lengths[3]};
}

template <class T>
void normalize(const T* x, const NormalizedView& view, const Normalization& normalization, T* out) {
  for_parts(
      view,
      [&](std::int64_t first, std::int64_t /*index*/, const Item& item, std::int64_t items) {
        BlockStatistics<T> s;
        statistics(x + first, item, items, normalization, s);
        for (std::int64_t i = 0; i < items; ++i) {
          const std::int64_t at = first + i * item.run;
          write_item(x + at, item, s[static_cast<std::size_t>(i)], out + at);
        }
      },
      [&](std::int64_t first, std::int64_t /*index*/, const NormalizedColumns& columns) {
        ColumnStatistics<T> s;
        column_statistics(x + first, columns, normalization, s);
        write_columns(x + first, columns, s, out + first);
      });
}

template <class T>
void deviation(const T* x, const NormalizedView& view, const Normalization& normalization, T* out) {
  for_parts(
      view,
      [&](std::int64_t first, std::int64_t index, const Item& item, std::int64_t items) {
        BlockStatistics<T> s;
        statistics(x + first, item, items, normalization, s);
        std::transform(s.begin(), s.begin() + items, out + index, deviation_of<T>);
      },
      [&](std::int64_t first, std::int64_t index, const NormalizedColumns& columns) {
        ColumnStatistics<T> s;
        column_statistics(x + first, columns, normalization, s);
        std::transform(s.begin(), s.begin() + columns.width, out + index, deviation_of<T>);
      });
}

template <class T>
void normalize_adjoint(const T* g, const T* n, const T* d, const NormalizedView& view, bool centred, T* out) {
  for_items(view, [&](std::int64_t first, std::int64_t index, const Item& item) {
    adjoint_of_item(g + first, n + first, d[index], item, centred, out + first);
  });
}

template <class T>
void sum_of_products(const T* g, const T* n, const NormalizedView& view, T* out) {
  for_items(view, [&](std::int64_t first, std::int64_t index, const Item& item) {
    const double sum = plain_sums(g + first, n + first, item)[1];
    out[index] = static_cast<T>(std::isfinite(sum) ? sum : chain_sum(g + first, n + first, item));
  });
}

template void sum_of_products<float>(const float*, const float*, const NormalizedView&, float*);
template void sum_of_products<double>(const double*, const double*, const NormalizedView&, double*);
template void normalize<float>(const float*, const NormalizedView&, const Normalization&, float*);
template void normalize<double>(const double*, const NormalizedView&, const Normalization&, double*);
template void deviation<float>(const float*, const NormalizedView&, const Normalization&, float*);
template void normalize_adjoint<float>(const float*, const float*, const float*, const NormalizedView&, bool, float*);
template void normalize_adjoint<double>(const double*, const double*, const double*, const NormalizedView&, bool,
                                        double*);
template void deviation<double>(const double*, const NormalizedView&, const Normalization&, double*);

}  // namespace xgrad::run
