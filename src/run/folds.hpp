#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "run/kernels/row_kernels.hpp"

/// The folds that reductions are made of. Each has an identity, the fold of two, of a run of elements (`run`, one
/// result) and of the rows of a matrix (`rows`, one result per column, folded into what `out` holds).
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
template <class Fold, class T>
[[nodiscard]] T fold_run(const T* x, std::int64_t count, T (*RowKernels<T>::*kernel)(const T*, std::size_t)) noexcept {
  return count <= short_run ? fold_run<Fold>(x, count) : (row_kernels<T>().*kernel)(x, static_cast<std::size_t>(count));
}

/// Four rows at a time, so that `out` is read and written a quarter as often. A plain loop that vectorises.
template <class Fold, class T>
void fold_rows(T* out, const T* x, std::int64_t rows, std::int64_t columns) noexcept {
  std::int64_t row = 0;
  for (; row + 4 <= rows; row += 4, x += 4 * columns) {
    for (std::int64_t i = 0; i < columns; ++i) {
      out[i] = Fold::combine(out[i], Fold::combine(Fold::combine(x[i], x[i + columns]),
                                                   Fold::combine(x[i + 2 * columns], x[i + 3 * columns])));
    }
  }
  for (; row < rows; ++row, x += columns) {
    for (std::int64_t i = 0; i < columns; ++i) {
      out[i] = Fold::combine(out[i], x[i]);
    }
  }
}

}  // namespace detail

/// int64 wraps.
template <class T>
struct Sum {
  static constexpr T identity() noexcept { return T{0}; }
  static constexpr T combine(T a, T b) noexcept {
    if constexpr (std::is_integral_v<T>) {
      return static_cast<T>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
    } else {
      return a + b;
    }
  }
  [[nodiscard]] static T run(const T* x, std::int64_t count) noexcept {
    if constexpr (std::is_integral_v<T>) {
      return detail::fold_run<Sum>(x, count);
    } else {
      return detail::fold_run<Sum>(x, count, &RowKernels<T>::sum);
    }
  }
  static void rows(T* out, const T* x, std::int64_t count, std::int64_t columns) noexcept {
    if constexpr (std::is_integral_v<T>) {
      detail::fold_rows<Sum>(out, x, count, columns);
    } else {
      row_kernels<T>().add_rows(out, x, static_cast<std::size_t>(count), static_cast<std::size_t>(columns));
    }
  }
};

/// int64 wraps. A floating run is multiplied in double, so that a float's range is left only by the result.
template <class T>
struct Product {
  static constexpr T identity() noexcept { return T{1}; }
  static constexpr T combine(T a, T b) noexcept {
    if constexpr (std::is_integral_v<T>) {
      return static_cast<T>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
    } else {
      return a * b;
    }
  }
  [[nodiscard]] static T run(const T* x, std::int64_t count) noexcept {
    using Wide = std::conditional_t<std::is_integral_v<T>, T, double>;
    Wide product = 1;
    for (std::int64_t i = 0; i < count; ++i) {
      product = Product<Wide>::combine(product, static_cast<Wide>(x[i]));
    }
    return static_cast<T>(product);
  }
  static void rows(T* out, const T* x, std::int64_t count, std::int64_t columns) noexcept {
    for (std::int64_t row = 0; row < count; ++row, x += columns) {
      for (std::int64_t i = 0; i < columns; ++i) {
        out[i] = combine(out[i], x[i]);
      }
    }
  }
};

/// NaN if any is NaN. Of equals, the second.
template <class T>
struct Largest {
  static constexpr T identity() noexcept {
    return std::is_integral_v<T> ? std::numeric_limits<T>::lowest() : -std::numeric_limits<T>::infinity();
  }
  // Two selections without a branch between them, which would keep the loops from being vectorised.
  static constexpr T combine(T a, T b) noexcept {
    const T larger = a > b ? a : b;
    return a != a ? a : larger;
  }
  [[nodiscard]] static T run(const T* x, std::int64_t count) noexcept {
    if constexpr (std::is_integral_v<T>) {
      return detail::fold_run<Largest>(x, count);
    } else {
      return detail::fold_run<Largest>(x, count, &RowKernels<T>::largest);
    }
  }
  static void rows(T* out, const T* x, std::int64_t count, std::int64_t columns) noexcept {
    detail::fold_rows<Largest>(out, x, count, columns);
  }
};

/// NaN if any is NaN. Of equals, the second.
template <class T>
struct Smallest {
  static constexpr T identity() noexcept {
    return std::is_integral_v<T> ? std::numeric_limits<T>::max() : std::numeric_limits<T>::infinity();
  }
  static constexpr T combine(T a, T b) noexcept {
    const T smaller = a < b ? a : b;
    return a != a ? a : smaller;
  }
  [[nodiscard]] static T run(const T* x, std::int64_t count) noexcept {
    if constexpr (std::is_integral_v<T>) {
      return detail::fold_run<Smallest>(x, count);
    } else {
      return detail::fold_run<Smallest>(x, count, &RowKernels<T>::smallest);
    }
  }
  static void rows(T* out, const T* x, std::int64_t count, std::int64_t columns) noexcept {
    detail::fold_rows<Smallest>(out, x, count, columns);
  }
};

}  // namespace xgrad::run
