#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <type_traits>

#include "run/kernels/row_kernels.hpp"

/// The folds that reductions are made of. Each has an identity, the fold of two, of a run of elements (`run`, one
/// result) and of the rows of a matrix, `stride` elements apart (`rows`, one result per column, folded into what `out`
/// holds). Results of many elements are an Accumulator, which Wide folds: double for floating sums and products.
namespace xgrad::run {

namespace detail {

/// Runs up to this long aren't worth the call of a vector kernel.
inline constexpr std::int64_t short_run = 64;

/// As many independent chains as fill the baseline's vector registers.
template <class Fold, class T>
[[nodiscard]] T fold_run(const T* x, std::int64_t count) noexcept {
  constexpr std::int64_t lanes = 64 / static_cast<std::int64_t>(sizeof(T));
  T result = Fold::identity();
  std::int64_t i = 0;
  if (count >= lanes) {
    std::array<T, static_cast<std::size_t>(lanes)> folds;  // NOLINT: filled before it is read
    std::copy_n(x, lanes, folds.data());
    for (i = lanes; i + lanes <= count; i += lanes) {
      for (std::int64_t lane = 0; lane < lanes; ++lane) {
        T& fold = folds[static_cast<std::size_t>(lane)];
        fold = Fold::combine(fold, x[i + lane]);
      }
    }
    for (std::size_t half = folds.size() / 2; half > 0; half /= 2) {
      for (std::size_t lane = 0; lane < half; ++lane) {
        folds[lane] = Fold::combine(folds[lane], folds[lane + half]);
      }
    }
    result = folds[0];
  }
  for (; i < count; ++i) {
    result = Fold::combine(result, x[i]);
  }
  return result;
}

/// As above if it is short, else by the vector kernel.
template <class Fold, class R, class T>
[[nodiscard]] R fold_run(const T* x, std::int64_t count, R (*RowKernels<T>::*kernel)(const T*, std::size_t)) noexcept {
  return count <= short_run ? static_cast<R>(fold_run<Fold>(x, count))
                            : (row_kernels<T>().*kernel)(x, static_cast<std::size_t>(count));
}

/// Four rows at a time, so that `out` is read and written a quarter as often. A plain loop that vectorises.
template <class Fold, class A, class T>
void fold_rows(A* out, const T* x, std::int64_t rows, std::int64_t columns, std::int64_t stride) noexcept {
  std::int64_t row = 0;
  for (; row + 4 <= rows; row += 4, x += 4 * stride) {
    for (std::int64_t i = 0; i < columns; ++i) {
      out[i] = Fold::combine(
          out[i], Fold::combine(Fold::combine(static_cast<A>(x[i]), static_cast<A>(x[i + stride])),
                                Fold::combine(static_cast<A>(x[i + 2 * stride]), static_cast<A>(x[i + 3 * stride]))));
    }
  }
  for (; row < rows; ++row, x += stride) {
    for (std::int64_t i = 0; i < columns; ++i) {
      out[i] = Fold::combine(out[i], static_cast<A>(x[i]));
    }
  }
}

/// Rows of up to so many columns aren't worth the call of a vector kernel.
inline constexpr std::int64_t few_columns = 8;

template <class A, class T>
void call_rows(void (*kernel)(A*, const T*, std::size_t, std::size_t, std::size_t), A* out, const T* x,
               std::int64_t rows, std::int64_t columns, std::int64_t stride) noexcept {
  kernel(out, x, static_cast<std::size_t>(rows), static_cast<std::size_t>(columns), static_cast<std::size_t>(stride));
}

}  // namespace detail

/// int64 wraps. Floating sums are added up in double.
template <class T>
struct Sum {
  using Accumulator = std::conditional_t<std::is_integral_v<T>, T, double>;
  using Wide = Sum<Accumulator>;
  static constexpr T identity() noexcept { return T{0}; }
  static constexpr T combine(T a, T b) noexcept {
    if constexpr (std::is_integral_v<T>) {
      return static_cast<T>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
    } else {
      return a + b;
    }
  }
  [[nodiscard]] static Accumulator run(const T* x, std::int64_t count) noexcept {
    if constexpr (std::is_integral_v<T>) {
      return detail::fold_run<Sum>(x, count);
    } else {
      return detail::fold_run<Sum>(x, count, &RowKernels<T>::sum);
    }
  }
  static void rows(Accumulator* out, const T* x, std::int64_t count, std::int64_t columns,
                   std::int64_t stride) noexcept {
    if constexpr (std::is_integral_v<T>) {
      detail::fold_rows<Sum>(out, x, count, columns, stride);
    } else {
      detail::call_rows(row_kernels<T>().add_rows, out, x, count, columns, stride);
    }
  }
};

/// Σ of at most exact_terms terms in all, in T.
template <class T>
struct FewSum {
  using Accumulator = T;
  using Wide = FewSum;
  static constexpr T identity() noexcept { return T{0}; }
  static constexpr T combine(T a, T b) noexcept { return a + b; }
  [[nodiscard]] static T run(const T* x, std::int64_t count) noexcept { return detail::fold_run<FewSum>(x, count); }
  static void rows(T* out, const T* x, std::int64_t count, std::int64_t columns, std::int64_t stride) noexcept {
    if (columns <= detail::few_columns) {
      detail::fold_rows<FewSum>(out, x, count, columns, stride);
    } else {
      detail::call_rows(row_kernels<T>().add_few_rows, out, x, count, columns, stride);
    }
  }
};

/// int64 wraps. Floating products are multiplied up in double, so that a float's range is left only by the result.
template <class T>
struct Product {
  using Accumulator = std::conditional_t<std::is_integral_v<T>, T, double>;
  using Wide = Product<Accumulator>;
  static constexpr T identity() noexcept { return T{1}; }
  static constexpr T combine(T a, T b) noexcept {
    if constexpr (std::is_integral_v<T>) {
      return static_cast<T>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
    } else {
      return a * b;
    }
  }
  [[nodiscard]] static Accumulator run(const T* x, std::int64_t count) noexcept {
    Accumulator product = 1;
    std::int64_t i = 0;
    if constexpr (!std::is_integral_v<T>) {
      constexpr std::int64_t chains = 32;
      if (count >= 2 * chains) {
        std::array<double, static_cast<std::size_t>(chains)> products;  // NOLINT: filled before it is read
        products.fill(1);
        rows(products.data(), x, count / chains, chains, chains);
        product = std::accumulate(products.begin(), products.end(), 1.0, std::multiplies<>{});
        i = count / chains * chains;
      }
    }
    for (; i < count; ++i) {
      product = Wide::combine(product, static_cast<Accumulator>(x[i]));
    }
    return product;
  }
  static void rows(Accumulator* out, const T* x, std::int64_t count, std::int64_t columns,
                   std::int64_t stride) noexcept {
    if constexpr (!std::is_integral_v<T>) {
      if (columns > detail::few_columns) {
        detail::call_rows(row_kernels<T>().multiply_rows, out, x, count, columns, stride);
        return;
      }
    }
    detail::fold_rows<Wide>(out, x, count, columns, stride);
  }
};

/// 2^exponent, of a normal double.
[[nodiscard]] constexpr double power_of_two(int exponent) noexcept {
  return std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52U);
}

/// Σ (2^Exponent x)², in double. T is floating.
template <class T, int Exponent>
struct SumOfSquares {
  using Accumulator = double;
  using Wide = Sum<double>;
  static constexpr double factor = power_of_two(Exponent);
  [[nodiscard]] static double run(const T* x, std::int64_t count) noexcept {
    return row_kernels<T>().sum_squares(x, factor, static_cast<std::size_t>(count));
  }
  static void rows(double* out, const T* x, std::int64_t count, std::int64_t columns, std::int64_t stride) noexcept {
    row_kernels<T>().add_squared_rows(out, x, factor, static_cast<std::size_t>(count),
                                      static_cast<std::size_t>(columns), static_cast<std::size_t>(stride));
  }
};

namespace detail {

/// Of equal numbers, of which only ±0 have two forms: the bits that both have, or those that either has.
template <class T, class Bits, class F>
[[nodiscard]] constexpr T combine_bits(T a, T b, F f) noexcept {
  return std::bit_cast<T>(static_cast<Bits>(f(std::bit_cast<Bits>(a), std::bit_cast<Bits>(b))));
}

/// The fold of the zeros in x, of which one is given.
template <class Fold, class T>
[[nodiscard]] T zero_of(const T* x, std::int64_t count, T zero) noexcept {
  for (std::int64_t i = 0; i < count; ++i) {
    zero = x[i] == 0 ? Fold::combine(zero, x[i]) : zero;
  }
  return zero;
}

template <class T>
using BitsOf = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

}  // namespace detail

/// The largest or the smallest. NaN if any is NaN; +0 is larger than −0.
template <class T, bool Max>
struct Extremum {
  using Accumulator = T;
  using Wide = Extremum;
  static constexpr T identity() noexcept {
    if constexpr (std::is_integral_v<T>) {
      return Max ? std::numeric_limits<T>::lowest() : std::numeric_limits<T>::max();
    } else {
      return Max ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::infinity();
    }
  }
  // Selections without a branch between them, which would keep the loops from being vectorised.
  static constexpr T combine(T a, T b) noexcept {
    using Both = std::conditional_t<Max, std::bit_and<>, std::bit_or<>>;
    const T further = beyond(a, b) ? a : b;
    const T equal = detail::combine_bits<T, detail::BitsOf<T>>(a, b, Both{});
    const T number = a == b ? equal : further;
    return a != a ? a : number;
  }
  /// The same, and of ±0 either, which is faster.
  struct AnyZero {
    static constexpr T identity() noexcept { return Extremum::identity(); }
    static constexpr T combine(T a, T b) noexcept {
      const T number = beyond(a, b) ? a : b;
      return a != a ? a : number;
    }
  };
  [[nodiscard]] static T run(const T* x, std::int64_t count) noexcept {
    if constexpr (std::is_integral_v<T>) {
      return detail::fold_run<AnyZero>(x, count);
    } else {
      if (count > detail::short_run) {
        const RowKernels<T>& kernels = row_kernels<T>();
        return (Max ? kernels.largest : kernels.smallest)(x, static_cast<std::size_t>(count));
      }
      const T result = detail::fold_run<AnyZero>(x, count);
      return result == 0 ? detail::zero_of<Extremum>(x, count, result) : result;
    }
  }
  static void rows(T* out, const T* x, std::int64_t count, std::int64_t columns, std::int64_t stride) noexcept {
    if constexpr (std::is_integral_v<T>) {
      detail::fold_rows<Extremum>(out, x, count, columns, stride);
    } else {
      const RowKernels<T>& kernels = row_kernels<T>();
      detail::call_rows(Max ? kernels.largest_rows : kernels.smallest_rows, out, x, count, columns, stride);
    }
  }

 private:
  static constexpr bool beyond(T a, T b) noexcept { return Max ? a > b : a < b; }
};

template <class T>
using Largest = Extremum<T, true>;
template <class T>
using Smallest = Extremum<T, false>;

}  // namespace xgrad::run
