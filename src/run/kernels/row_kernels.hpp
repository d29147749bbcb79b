#pragma once

#include <cstddef>
#include <cstdint>

namespace xgrad::run {

/// So many float32 terms may be added up in float32: more are in double.
inline constexpr std::int64_t exact_terms = 15;

/// What (factor x − shift − rest) scale is made of.
template <class T>
struct Standard {
  T factor;
  T shift;
  T rest;
  T scale;
};

/// What ((x − mean) − share y) scale is made of.
template <class T>
struct Residual {
  T mean;
  T share;
  T scale;
};

/// Vector kernels that fold a run of `count` > 0 elements, or that go with such a fold. T is float or double. Equal
/// input gives equal bits, wherever it lies in memory.
///
/// The exponentials are e^(x−m), and 1 where x = m, so that an m that is the infinite largest element is no NaN.
template <class T>
struct RowKernels {
  /// Σ x, added up in double; see wide_sums.hpp.
  double (*sum)(const T* x, std::size_t count);
  /// Σ (factor x)², in double throughout; see wide_squares.hpp.
  double (*sum_squares)(const T* x, double factor, std::size_t count);
  /// NaN if any is NaN; +0 is larger than −0.
  T (*largest)(const T* x, std::size_t count);
  T (*smallest)(const T* x, std::size_t count);
  /// out ← the exponentials for one m; their sum. `out` may be x.
  T (*exponentials)(const T* x, T m, T* out, std::size_t count);
  /// Their sum only.
  T (*sum_exponentials)(const T* x, T m, std::size_t count);
  /// out ← (x − m) − s, with x − m = 0 where x = m. `out` may be x.
  void (*shift)(const T* x, T m, T s, T* out, std::size_t count);
  /// x ← x factor
  void (*scale)(T* x, T factor, std::size_t count);
  /// With d = factor x − shift: sums[0] ← sums[0] + Σ d, sums[1] ← sums[1] + Σ d², each added up in double.
  void (*add_moments)(const T* x, T factor, T shift, std::size_t count, double* sums);
  /// The same with d = x − shift in double.
  void (*add_wide_moments)(const T* x, double shift, std::size_t count, double* sums);
  /// out ← (d − rest) scale; `out` may be x.
  void (*standardise)(const T* x, const Standard<T>& standard, T* out, std::size_t count);
  /// sums[0] ← sums[0] + Σ x, sums[1] ← sums[1] + Σ x y, each product and sum in double.
  void (*add_products)(const T* x, const T* y, std::size_t count, double* sums);
  /// out ← ((x − mean) − share y) scale; `out` may be x or y.
  void (*residual)(const T* x, const T* y, const Residual<T>& residual, T* out, std::size_t count);
  /// out ← out + Σ of the rows of x (rows, columns), which are `stride` elements apart; see wide_sums.hpp.
  void (*add_rows)(double* out, const T* x, std::size_t rows, std::size_t columns, std::size_t stride);
  /// The same of (factor x)², each squared and added in double.
  void (*add_squared_rows)(double* out, const T* x, double factor, std::size_t rows, std::size_t columns,
                           std::size_t stride);
  /// Σ of the rows in T: its terms are added up in fours, and those to `out`.
  void (*add_few_rows)(T* out, const T* x, std::size_t rows, std::size_t columns, std::size_t stride);
  /// For one row of x (count, width) after the other: rows[indices[j]] ← rows[indices[j]] + x[j], in T, and one more
  /// hit of that row. Ends before a row that has `exact_terms` hits would take another; returns how many were added.
  /// Indices are in [−length, length).
  std::size_t (*add_rows_at)(T* rows, std::uint8_t* hits, const std::int64_t* indices, std::int64_t length, const T* x,
                             std::size_t count, std::size_t width);
  /// sums ← sums + stage; stage ← x
  void (*restart_row)(double* sums, T* stage, const T* x, std::size_t count);
  /// out ← the largest (smallest) of out and the rows of x, per column; as above.
  void (*largest_rows)(T* out, const T* x, std::size_t rows, std::size_t columns, std::size_t stride);
  void (*smallest_rows)(T* out, const T* x, std::size_t rows, std::size_t columns, std::size_t stride);
  /// out ← out · Π of the rows of x, in double.
  void (*multiply_rows)(double* out, const T* x, std::size_t rows, std::size_t columns, std::size_t stride);
  /// out ← the running sums of the rows of x, which are `step` elements apart, on top of `sums`; sums ← the last ones.
  /// `out` may be x.
  void (*running_sums)(double* sums, const T* x, T* out, std::size_t rows, std::size_t columns, std::ptrdiff_t step);
};

/// The kernels for this machine; see isa.hpp.
template <class T>
[[nodiscard]] const RowKernels<T>& row_kernels();
template <>
[[nodiscard]] const RowKernels<float>& row_kernels<float>();
template <>
[[nodiscard]] const RowKernels<double>& row_kernels<double>();

// One definition per instruction set, each compiled with its flags.
namespace baseline {
[[nodiscard]] const RowKernels<float>& row_kernels_float32() noexcept;
[[nodiscard]] const RowKernels<double>& row_kernels_float64() noexcept;
}  // namespace baseline
namespace avx2 {
[[nodiscard]] const RowKernels<float>& row_kernels_float32() noexcept;
[[nodiscard]] const RowKernels<double>& row_kernels_float64() noexcept;
}  // namespace avx2
namespace avx512 {
[[nodiscard]] const RowKernels<float>& row_kernels_float32() noexcept;
[[nodiscard]] const RowKernels<double>& row_kernels_float64() noexcept;
}  // namespace avx512

}  // namespace xgrad::run
