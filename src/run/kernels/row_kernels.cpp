#include "run/kernels/row_kernels.hpp"

#include <cstring>
#include <limits>

#include "run/kernels/vector_functions.hpp"
#include "run/kernels/wide_squares.hpp"
#include "run/kernels/wide_sums.hpp"

// This file is compiled once per instruction set, with XGRAD_ISA naming the namespace; see isa_xsimd.hpp.
namespace xgrad::run::XGRAD_ISA {

namespace {

// Folds: of batches, and of what their lanes hold. NaN if there is one, and +0 is larger than −0, in any order.
struct LargestFold {
  template <class T>
  static constexpr T identity = -std::numeric_limits<T>::infinity();
  using OfBatches = Maximum;
  static double of_lanes(double a, double b) {
    return a != a || a > b || (a == b && __builtin_signbit(a) == 0) ? a : b;
  }
};

struct SmallestFold {
  template <class T>
  static constexpr T identity = std::numeric_limits<T>::infinity();
  using OfBatches = Minimum;
  static double of_lanes(double a, double b) {
    return a != a || a < b || (a == b && __builtin_signbit(a) != 0) ? a : b;
  }
};

// Stores `count` elements; what is behind them is 0 in the result.
template <class T>
Batch<T> store_partial(const Batch<T>& batch, T* out, std::size_t count) {
  alignas(64) T padded[Batch<T>::size];
  batch.store_aligned(padded);
  std::memcpy(out, padded, count * sizeof(T));
  std::memset(padded + count, 0, (Batch<T>::size - count) * sizeof(T));
  return Batch<T>::load_aligned(padded);
}

// In double: of scalar floats g++ 12 makes vectors that are filled by half, and compares what is in the other half too.
template <class Fold, class T>
T across(const Batch<T>& batch) {
  Batch<double> folded;
  if constexpr (std::is_same_v<T, float>) {
    Batch<double> low;
    Batch<double> high;
    widen(batch, low, high);
    folded = typename Fold::OfBatches{}(low, high);
  } else {
    folded = batch;
  }
  alignas(64) double lanes[Batch<double>::size];
  folded.store_aligned(lanes);
  for (std::size_t half = Batch<double>::size / 2; half > 0; half /= 2) {
    for (std::size_t lane = 0; lane < half; ++lane) {
      lanes[lane] = Fold::of_lanes(lanes[lane], lanes[lane + half]);
    }
  }
  return static_cast<T>(lanes[0]);
}

// Four independent chains, which hide the latency of one.
template <class Fold, class T>
T fold(const T* x, std::size_t count) {
  constexpr std::size_t size = Batch<T>::size;
  constexpr typename Fold::OfBatches combine{};
  Batch<T> a(Fold::template identity<T>);  // braces would take a list of lanes
  std::size_t i = 0;
  if (count >= 4 * size) {
    Batch<T> b = a;
    Batch<T> c = a;
    Batch<T> d = a;
    for (; i + 4 * size <= count; i += 4 * size) {
      a = combine(a, Batch<T>::load_unaligned(x + i));
      b = combine(b, Batch<T>::load_unaligned(x + i + size));
      c = combine(c, Batch<T>::load_unaligned(x + i + 2 * size));
      d = combine(d, Batch<T>::load_unaligned(x + i + 3 * size));
    }
    a = combine(combine(a, b), combine(c, d));
  }
  for (; i + size <= count; i += size) {
    a = combine(a, Batch<T>::load_unaligned(x + i));
  }
  if (i < count) {
    a = combine(a, load_first(x + i, count - i, Fold::template identity<T>));
  }
  return across<Fold>(a);
}

// Four rows at a time, so that `out` is read and written a quarter as often.
template <class Fold, class T>
void fold_tall(T* out, const T* x, std::size_t rows, std::size_t columns, std::size_t stride) {
  constexpr std::size_t size = Batch<T>::size;
  constexpr typename Fold::OfBatches combine{};
  const auto fold_columns = [&](std::size_t count, auto load, auto store) {
    if (count == 4) {
      store(combine(load(out),
                    combine(combine(load(x), load(x + stride)), combine(load(x + 2 * stride), load(x + 3 * stride)))));
    } else {
      store(combine(load(out), load(x)));
    }
  };
  for (std::size_t row = 0; row < rows;) {
    const std::size_t together = row + 4 <= rows ? 4 : 1;
    std::size_t i = 0;
    for (; i + size <= columns; i += size) {
      fold_columns(
          together, [i](const T* from) { return Batch<T>::load_unaligned(from + i); },
          [out, i](const Batch<T>& folded) { folded.store_unaligned(out + i); });
    }
    if (const std::size_t left = columns - i; left > 0) {
      fold_columns(
          together, [i, left](const T* from) { return load_first(from + i, left, T{1}); },
          [out, i, left](const Batch<T>& folded) { store_first(folded, out + i, left); });
    }
    row += together;
    x += together * stride;
  }
}

// Many rows of few adjacent columns are fewer rows of several times as many.
template <class Fold, class T>
void fold_rows(T* out, const T* x, std::size_t rows, std::size_t columns, std::size_t stride) {
  constexpr std::size_t narrow = 32;
  const std::size_t together = columns <= narrow / 4 ? 16 : 4;
  if (stride != columns || columns > narrow || rows < 8 * together) {
    fold_tall<Fold>(out, x, rows, columns, stride);
    return;
  }
  alignas(64) T folds[4 * narrow];
  const std::size_t width = together * columns;
  const std::size_t whole = rows / together;
  std::memcpy(folds, x, width * sizeof(T));
  fold_tall<Fold>(folds, x + width, whole - 1, width, width);
  for (std::size_t i = 0; i < width; i += columns) {
    for (std::size_t column = 0; column < columns; ++column) {
      out[column] =
          static_cast<T>(Fold::of_lanes(static_cast<double>(out[column]), static_cast<double>(folds[i + column])));
    }
  }
  fold_tall<Fold>(out, x + whole * width, rows - whole * together, columns, stride);
}

// x − m, and 0 where both are the same infinity.
template <class T>
Batch<T> difference(const Batch<T>& x, const Batch<T>& m) {
  return xsimd::select(x == m, number<Batch<T>>(0), x - m);
}

// Writes them if Writing; their sum. Four batches are looked at together: they seldom leave e^x's usual range.
template <bool Writing, class T>
T exponentials_of(const T* x, T m, T* out, std::size_t count) {
  constexpr std::size_t size = Batch<T>::size;
  const Batch<T> shift(m);
  WideSum<T> total;
  const auto put = [&](const Batch<T>& result, std::size_t at) {
    if constexpr (Writing) {
      result.store_unaligned(out + at);
    }
  };
  std::size_t i = 0;
  while (i + 4 * size <= count) {
    Batch<T> sums(T{0});
    const std::size_t end = i + 32 * size < count ? i + 32 * size : count;
    for (; i + 4 * size <= end; i += 4 * size) {
      Batch<T> e0 = difference<T>(Batch<T>::load_unaligned(x + i), shift);
      Batch<T> e1 = difference<T>(Batch<T>::load_unaligned(x + i + size), shift);
      Batch<T> e2 = difference<T>(Batch<T>::load_unaligned(x + i + 2 * size), shift);
      Batch<T> e3 = difference<T>(Batch<T>::load_unaligned(x + i + 3 * size), shift);
      if (xsimd::all(Exp::is_usual(e0) && Exp::is_usual(e1) && Exp::is_usual(e2) && Exp::is_usual(e3))) {
        e0 = Exp::usual(e0);
        e1 = Exp::usual(e1);
        e2 = Exp::usual(e2);
        e3 = Exp::usual(e3);
      } else {
        e0 = Exp{}(e0);
        e1 = Exp{}(e1);
        e2 = Exp{}(e2);
        e3 = Exp{}(e3);
      }
      put(e0, i);
      put(e1, i + size);
      put(e2, i + 2 * size);
      put(e3, i + 3 * size);
      sums += (e0 + e1) + (e2 + e3);
    }
    total.add(sums);
  }
  for (; i + size <= count; i += size) {
    const Batch<T> result = Exp{}(difference<T>(Batch<T>::load_unaligned(x + i), shift));
    put(result, i);
    total.add(result);
  }
  if (i < count) {
    T unused[size];
    total.add(store_partial(Exp{}(difference<T>(load_first(x + i, count - i, m), shift)), Writing ? out + i : unused,
                            count - i));
  }
  return static_cast<T>(total.total());
}

template <class T>
T exponentials(const T* x, T m, T* out, std::size_t count) {
  return exponentials_of<true>(x, m, out, count);
}

template <class T>
T sum_exponentials(const T* x, T m, std::size_t count) {
  return exponentials_of<false, T>(x, m, nullptr, count);
}

template <class T>
void shift(const T* x, T m, T s, T* out, std::size_t count) {
  constexpr std::size_t size = Batch<T>::size;
  const Batch<T> first(m);
  const Batch<T> second(s);
  std::size_t i = 0;
  for (; i + size <= count; i += size) {
    (difference<T>(Batch<T>::load_unaligned(x + i), first) - second).store_unaligned(out + i);
  }
  for (; i < count; ++i) {
    out[i] = (x[i] == m ? T{0} : x[i] - m) - s;
  }
}

template <class T>
void scale(T* x, T factor, std::size_t count) {
  constexpr std::size_t size = Batch<T>::size;
  const Batch<T> factors(factor);
  std::size_t i = 0;
  for (; i + size <= count; i += size) {
    (Batch<T>::load_unaligned(x + i) * factors).store_unaligned(x + i);
  }
  for (; i < count; ++i) {
    x[i] *= factor;
  }
}

// Four chains of each.
template <class T>
void add_moments(const T* x, T factor, T shift, std::size_t count, double* sums) {
  constexpr std::size_t size = Batch<T>::size;
  constexpr std::size_t chains = 4;
  const Batch<T> factors(factor);
  const Batch<T> shifts(shift);
  Batch<double> total[chains];
  Batch<double> squares[chains];
  for (std::size_t k = 0; k < chains; ++k) {
    total[k] = Batch<double>(0.0);
    squares[k] = Batch<double>(0.0);
  }
  const auto add = [&](std::size_t chain, const Batch<double>& d) {
    total[chain] += d;
    squares[chain] += d * d;
  };
  // A batch of float is two of double.
  const auto add_batch = [&](std::size_t chain, std::size_t at) {
    const Batch<T> d = Batch<T>::load_unaligned(x + at) * factors - shifts;
    if constexpr (std::is_same_v<T, float>) {
      Batch<double> low;
      Batch<double> high;
      widen(d, low, high);
      add(2 * chain, low);
      add(2 * chain + 1, high);
    } else {
      add(chain, d);
    }
  };
  constexpr std::size_t together = std::is_same_v<T, float> ? chains / 2 : chains;
  std::size_t i = 0;
  for (; i + together * size <= count; i += together * size) {
    for (std::size_t k = 0; k < together; ++k) {
      add_batch(k, i + k * size);
    }
  }
  for (; i + size <= count; i += size) {
    add_batch(0, i);
  }
  WideSum<double> sum_of;
  WideSum<double> squares_of;
  sum_of.add((total[0] + total[1]) + (total[2] + total[3]));
  squares_of.add((squares[0] + squares[1]) + (squares[2] + squares[3]));
  double sum = sum_of.total();
  double square = squares_of.total();
  for (; i < count; ++i) {
    const auto d = static_cast<double>(x[i] * factor - shift);
    sum += d;
    square += d * d;
  }
  sums[0] += sum;
  sums[1] += square;
}

template <class T>
void add_wide_moments(const T* x, double shift, std::size_t count, double* sums) {
  constexpr std::size_t size = Batch<T>::size;
  constexpr std::size_t chains = 4;
  const Batch<double> shifts(shift);
  Batch<double> total[chains];
  Batch<double> squares[chains];
  for (std::size_t k = 0; k < chains; ++k) {
    total[k] = Batch<double>(0.0);
    squares[k] = Batch<double>(0.0);
  }
  const auto add = [&](std::size_t chain, const Batch<double>& wide) {
    const Batch<double> d = wide - shifts;
    total[chain] += d;
    squares[chain] += d * d;
  };
  const auto add_batch = [&](std::size_t chain, std::size_t at) {
    const Batch<T> batch = Batch<T>::load_unaligned(x + at);
    if constexpr (std::is_same_v<T, float>) {
      Batch<double> low;
      Batch<double> high;
      widen(batch, low, high);
      add(2 * chain, low);
      add(2 * chain + 1, high);
    } else {
      add(chain, batch);
    }
  };
  constexpr std::size_t together = std::is_same_v<T, float> ? chains / 2 : chains;
  std::size_t i = 0;
  for (; i + together * size <= count; i += together * size) {
    for (std::size_t k = 0; k < together; ++k) {
      add_batch(k, i + k * size);
    }
  }
  for (; i + size <= count; i += size) {
    add_batch(0, i);
  }
  WideSum<double> sum_of;
  WideSum<double> squares_of;
  sum_of.add((total[0] + total[1]) + (total[2] + total[3]));
  squares_of.add((squares[0] + squares[1]) + (squares[2] + squares[3]));
  double sum = sum_of.total();
  double square = squares_of.total();
  for (; i < count; ++i) {
    const double d = static_cast<double>(x[i]) - shift;
    sum += d;
    square += d * d;
  }
  sums[0] += sum;
  sums[1] += square;
}

template <class T>
void standardise(const T* x, const Standard<T>& standard, T* out, std::size_t count) {
  constexpr std::size_t size = Batch<T>::size;
  const Batch<T> factors(standard.factor);
  const Batch<T> shifts(standard.shift);
  const Batch<T> rests(standard.rest);
  const Batch<T> scales(standard.scale);
  std::size_t i = 0;
  for (; i + size <= count; i += size) {
    ((Batch<T>::load_unaligned(x + i) * factors - shifts - rests) * scales).store_unaligned(out + i);
  }
  for (; i < count; ++i) {
    out[i] = (x[i] * standard.factor - standard.shift - standard.rest) * standard.scale;
  }
}

template <class T>
void add_products(const T* x, const T* y, std::size_t count, double* sums) {
  constexpr std::size_t size = Batch<T>::size;
  Batch<double> total[2] = {Batch<double>(0.0), Batch<double>(0.0)};
  Batch<double> products[2] = {Batch<double>(0.0), Batch<double>(0.0)};
  std::size_t i = 0;
  for (; i + size <= count; i += size) {
    const Batch<T> a = Batch<T>::load_unaligned(x + i);
    const Batch<T> b = Batch<T>::load_unaligned(y + i);
    if constexpr (std::is_same_v<T, float>) {
      Batch<double> x_low;
      Batch<double> x_high;
      Batch<double> y_low;
      Batch<double> y_high;
      widen(a, x_low, x_high);
      widen(b, y_low, y_high);
      total[0] += x_low;
      total[1] += x_high;
      products[0] += x_low * y_low;
      products[1] += x_high * y_high;
    } else {
      total[0] += a;
      products[0] += a * b;
    }
  }
  WideSum<double> sum_of;
  WideSum<double> products_of;
  sum_of.add(total[0] + total[1]);
  products_of.add(products[0] + products[1]);
  double sum = sum_of.total();
  double product = products_of.total();
  for (; i < count; ++i) {
    sum += static_cast<double>(x[i]);
    product += static_cast<double>(x[i]) * static_cast<double>(y[i]);
  }
  sums[0] += sum;
  sums[1] += product;
}

template <class T>
void residual(const T* x, const T* y, const Residual<T>& residual, T* out, std::size_t count) {
  constexpr std::size_t size = Batch<T>::size;
  const Batch<T> mean(residual.mean);
  const Batch<T> share(residual.share);
  const Batch<T> scale(residual.scale);
  std::size_t i = 0;
  for (; i + size <= count; i += size) {
    ((Batch<T>::load_unaligned(x + i) - mean - share * Batch<T>::load_unaligned(y + i)) * scale)
        .store_unaligned(out + i);
  }
  for (; i < count; ++i) {
    out[i] = (x[i] - residual.mean - residual.share * y[i]) * residual.scale;
  }
}

template <class T>
constexpr RowKernels<T> kernels{.sum = sum<T>,
                                .sum_squares = sum_squares<T>,
                                .largest = fold<LargestFold, T>,
                                .smallest = fold<SmallestFold, T>,
                                .exponentials = exponentials<T>,
                                .sum_exponentials = sum_exponentials<T>,
                                .shift = shift<T>,
                                .scale = scale<T>,
                                .add_moments = add_moments<T>,
                                .add_wide_moments = add_wide_moments<T>,
                                .standardise = standardise<T>,
                                .add_products = add_products<T>,
                                .residual = residual<T>,
                                .add_rows = add_rows<T>,
                                .add_squared_rows = add_squared_rows<T>,
                                .add_few_rows = add_few_rows<T>,
                                .add_rows_at = add_rows_at<T>,
                                .restart_row = restart_row<T>,
                                .largest_rows = fold_rows<LargestFold, T>,
                                .smallest_rows = fold_rows<SmallestFold, T>,
                                .multiply_rows = multiply_rows<T>,
                                .running_sums = running_sums};

}  // namespace

const RowKernels<float>& row_kernels_float32() noexcept {
  return kernels<float>;
}

const RowKernels<double>& row_kernels_float64() noexcept {
  return kernels<double>;
}

}  // namespace xgrad::run::XGRAD_ISA
