#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

/// The folds that reductions are made of, as plain loops that compilers vectorise. Each has an identity, the fold of
/// two, of a run of elements (`run`, one result) and of the rows of a matrix (`rows`, one result per column, folded
/// into what `out` holds).
namespace xgrad::run {

namespace detail {

/// Folds a run in as many independent chains as fill the vector registers.
template <class Fold, class T>
[[nodiscard]] T fold_lanes(const T* x, std::int64_t count) noexcept {
  constexpr std::int64_t lanes = 64 / static_cast<std::int64_t>(sizeof(T));
  std::array<T, static_cast<std::size_t>(lanes)> folds;
  folds.fill(Fold::identity());
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      T& fold = folds[static_cast<std::size_t>(lane)];
      fold = Fold::combine(fold, x[i + lane]);
    }
  }
  T result = Fold::identity();
  for (; i < count; ++i) {
    result = Fold::combine(result, x[i]);
  }
  if (count >= lanes) {
    for (std::size_t half = folds.size() / 2; half > 0; half /= 2) {
      for (std::size_t lane = 0; lane < half; ++lane) {
        folds[lane] = Fold::combine(folds[lane], folds[lane + half]);
      }
    }
    result = Fold::combine(result, folds[0]);
  }
  return result;
}

/// Folds four rows at a time, so that `out` is read and written a quarter as often.
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

/// int64 wraps. A floating run is added up in blocks whose sums go into a double.
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
      return detail::fold_lanes<Sum>(x, count);
    } else {
      constexpr std::int64_t block = 512;
      double total = 0;
      for (std::int64_t start = 0; start < count; start += block) {
        total += static_cast<double>(detail::fold_lanes<Sum>(x + start, std::min(block, count - start)));
      }
      return static_cast<T>(total);
    }
  }
  static void rows(T* out, const T* x, std::int64_t count, std::int64_t columns) noexcept {
    detail::fold_rows<Sum>(out, x, count, columns);
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

/// NaN if any is NaN.
template <class T>
struct Largest {
  static constexpr T identity() noexcept {
    return std::is_integral_v<T> ? std::numeric_limits<T>::lowest() : -std::numeric_limits<T>::infinity();
  }
  // Both conditions are always computed: a branch would keep the loops from being vectorised.
  static constexpr T combine(T a, T b) noexcept {
    return (static_cast<int>(a > b) | static_cast<int>(a != a)) != 0 ? a : b;
  }
  [[nodiscard]] static T run(const T* x, std::int64_t count) noexcept { return detail::fold_lanes<Largest>(x, count); }
  static void rows(T* out, const T* x, std::int64_t count, std::int64_t columns) noexcept {
    detail::fold_rows<Largest>(out, x, count, columns);
  }
};

/// NaN if any is NaN.
template <class T>
struct Smallest {
  static constexpr T identity() noexcept {
    return std::is_integral_v<T> ? std::numeric_limits<T>::max() : std::numeric_limits<T>::infinity();
  }
  static constexpr T combine(T a, T b) noexcept {
    return (static_cast<int>(a < b) | static_cast<int>(a != a)) != 0 ? a : b;
  }
  [[nodiscard]] static T run(const T* x, std::int64_t count) noexcept { return detail::fold_lanes<Smallest>(x, count); }
  static void rows(T* out, const T* x, std::int64_t count, std::int64_t columns) noexcept {
    detail::fold_rows<Smallest>(out, x, count, columns);
  }
};

}  // namespace xgrad::run
