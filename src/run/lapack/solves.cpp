#include "run/lapack/solves.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <vector>

#include "xgrad/error.hpp"

#include "run/lapack/batches.hpp"
#include "run/lapack/factors.hpp"
#include "run/lapack/lapack.hpp"

namespace xgrad::run {

namespace {

template <class T>
constexpr T nan = std::numeric_limits<T>::quiet_NaN();

double work_of(std::int64_t n, std::int64_t k) noexcept {
  return static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(k);
}

template <class T>
std::vector<T> memory_of(std::int64_t count) {
  return std::vector<T>(static_cast<std::size_t>(count));
}

template <class T>
void set_identity(std::int64_t n, T* x) noexcept {
  std::fill_n(x, n * n, T{0});
  for (std::int64_t i = 0; i < n; ++i) {
    x[i * (n + 1)] = T{1};
  }
}

template <class T>
void exchange_rows(std::int64_t k, T* x, std::int64_t i, T other) noexcept {
  const auto j = static_cast<std::int64_t>(other);
  if (i != j) {
    std::swap_ranges(x + i * k, x + (i + 1) * k, x + j * k);
  }
}

// The first 0 on the diagonal of the factors; −1 if there is none.
template <class T>
std::int64_t zero_pivot(std::int64_t n, const T* factors) noexcept {
  for (std::int64_t i = 0; i < n; ++i) {
    if (factors[i * (n + 1)] == 0) {
      return i;
    }
  }
  return -1;
}

template <class T>
void require_regular(std::string_view operation, std::int64_t n, const T* factors, std::int64_t index,
                     const Shape& batch) {
  if (const std::int64_t pivot = zero_pivot(n, factors); pivot >= 0) {
    throw ValueError(
        fmt::format("[{}] found a singular matrix{}: pivot {} of its LU factors is 0; expected one that "
                    "has an inverse",
                    operation, entry_text(index, batch), pivot));
  }
}

// det A = mantissa · 2^exponent, with |mantissa| in [½, 1), or 0 or NaN.
struct Scaled {
  double mantissa = 1;
  std::int64_t exponent = 0;
};

template <class T>
Scaled determinant(std::int64_t n, const T* factors) noexcept {
  Scaled result;
  for (std::int64_t i = 0; i < n; ++i) {
    const bool exchanged = static_cast<std::int64_t>(factors[n * n + i]) != i;
    int exponent = 0;
    const double pivot = static_cast<double>(factors[i * (n + 1)]);
    result.mantissa = std::frexp(result.mantissa * (exchanged ? -pivot : pivot), &exponent);
    result.exponent += exponent;
  }
  return result;
}

template <class T>
T value_of(const Scaled& scaled) noexcept {
  constexpr std::int64_t far = 10'000;
  return static_cast<T>(std::ldexp(scaled.mantissa, static_cast<int>(std::clamp(scaled.exponent, -far, far))));
}

// ‖A‖ of column-major Aᵀ as LAPACK's 1-norm: the largest sum of a row of A.
template <class T>
T largest_row_sum(std::int64_t n, const T* a) noexcept {
  T largest = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    T sum = 0;
    for (std::int64_t j = 0; j < n; ++j) {
      sum += std::abs(a[i * n + j]);
    }
    largest = std::max(largest, sum);
  }
  return largest;
}

template <class T>
bool is_well_conditioned(std::int64_t n, const T* a, const T* factors) {
  constexpr T enough{1e-3F};
  if (zero_pivot(n, factors) >= 0) {
    return false;
  }
  auto work = memory_of<T>(4 * n);
  auto iwork = memory_of<blasint>(n);
  return lapack::gecon(static_cast<blasint>(n), factors, largest_row_sum(n, a), work.data(), iwork.data()) >= enough;
}

// The determinant of an orthogonal matrix.
template <class T>
T orthogonal_sign(std::int64_t n, std::vector<T> matrix) {
  auto exchanged = memory_of<blasint>(n);
  static_cast<void>(lapack::getrf(static_cast<blasint>(n), matrix.data(), exchanged.data()));
  T sign = 1;
  for (std::int64_t i = 0; i < n; ++i) {
    const bool negative = matrix[static_cast<std::size_t>(i * (n + 1))] < 0;
    sign = negative != (exchanged[static_cast<std::size_t>(i)] != i + 1) ? -sign : sign;
  }
  return sign;
}

template <class T>
bool cofactors_by_singular_values(std::int64_t n, const T* a, T* out) {
  auto u = memory_of<T>(n * n);
  auto s = memory_of<T>(n);
  auto vt = memory_of<T>(n * n);
  if (!SingularValues<T>{n, n, true}.find(a, u.data(), s.data(), vt.data())) {
    return false;
  }
  const auto length = static_cast<blasint>(n);
  auto both = memory_of<T>(n * n);
  lapack::gemm(false, false, length, length, length, u.data(), vt.data(), both.data());
  const T sign = orthogonal_sign(n, std::move(both));
  for (std::int64_t i = 0; i < n; ++i) {
    Scaled others;
    for (std::int64_t j = 0; j < n; ++j) {
      int exponent = 0;
      const double factor = j == i ? 1 : static_cast<double>(s[static_cast<std::size_t>(j)]);
      others.mantissa = std::frexp(others.mantissa * factor, &exponent);
      others.exponent += exponent;
    }
    for (std::int64_t row = 0; row < n; ++row) {
      u[static_cast<std::size_t>(row * n + i)] *= sign * value_of<T>(others);
    }
  }
  lapack::gemm(false, false, length, length, length, u.data(), vt.data(), out);
  return true;
}

}  // namespace

template <class T>
void lu_solve_one(bool transposed, std::int64_t n, std::int64_t k, const T* factors, T* x) noexcept {
  const auto rows = static_cast<blasint>(n);
  const auto columns = static_cast<blasint>(k);
  const T* pivots = factors + n * n;
  if (transposed) {
    for (std::int64_t i = 0; i < n; ++i) {
      exchange_rows(k, x, i, pivots[i]);
    }
    lapack::trsm(false, true, true, rows, columns, factors, x);
    lapack::trsm(true, true, false, rows, columns, factors, x);
    return;
  }
  lapack::trsm(true, false, false, rows, columns, factors, x);
  lapack::trsm(false, false, true, rows, columns, factors, x);
  for (std::int64_t i = n; i-- > 0;) {
    exchange_rows(k, x, i, pivots[i]);
  }
}

template <class T>
void lu_solve(std::string_view operation, bool transposed, std::int64_t n, std::int64_t k, const Matrices<T>& factors,
              const Matrices<T>& b, const Shape& batch, T* x) {
  require_countable(operation, n, k);
  const BatchIndex factors_of{factors.batch, batch};
  const BatchIndex b_of{b.batch, batch};
  for_each_matrix(n == 0 ? 0 : batch.size(), 2 * work_of(n, k), [&](std::int64_t index) {
    const T* lu = factors.data + factors_of(index) * (n + 1) * n;
    T* out = x + index * n * k;
    require_regular(operation, n, lu, index, batch);
    if (k == 0) {
      return;
    }
    if (std::isnan(lu[0])) {
      std::fill_n(out, n * k, nan<T>);
      return;
    }
    std::copy_n(b.data + b_of(index) * n * k, n * k, out);
    lu_solve_one(transposed, n, k, lu, out);
  });
}

template <class T>
void lu_inverse(std::string_view operation, const Shape& batch, std::int64_t n, const T* factors, T* x) {
  for_each_matrix(n == 0 ? 0 : batch.size(), 2 * work_of(n, n), [&](std::int64_t index) {
    const T* lu = factors + index * (n + 1) * n;
    T* out = x + index * n * n;
    require_regular(operation, n, lu, index, batch);
    if (std::isnan(lu[0])) {
      std::fill_n(out, n * n, nan<T>);
      return;
    }
    set_identity(n, out);
    lu_solve_one(false, n, n, lu, out);
  });
}

template <class T>
void determinants(const Shape& batch, std::int64_t n, const T* factors, T* out) noexcept {
  for (std::int64_t index = 0; index < batch.size(); ++index) {
    out[index] = value_of<T>(determinant(n, factors + index * (n + 1) * n));
  }
}

template <class T>
void determinant_signs(const Shape& batch, std::int64_t n, const T* factors, T* out) noexcept {
  for (std::int64_t index = 0; index < batch.size(); ++index) {
    const double mantissa = determinant(n, factors + index * (n + 1) * n).mantissa;
    const T not_negative = mantissa > 0 ? T{1} : static_cast<T>(mantissa);  // 0 or NaN
    out[index] = mantissa < 0 ? T{-1} : not_negative;
  }
}

template <class T>
void log_determinants(const Shape& batch, std::int64_t n, bool of_positive, const T* factors, T* out) noexcept {
  constexpr double log_2 = 0.69314718055994530942;
  for (std::int64_t index = 0; index < batch.size(); ++index) {
    const Scaled found = determinant(n, factors + index * (n + 1) * n);
    const double mantissa = of_positive ? found.mantissa : std::abs(found.mantissa);
    // The mantissa nearer to 1, so that the logarithm of a determinant near 1 doesn't cancel.
    const bool doubled = std::abs(mantissa) < 0.70710678118654752440;
    const double logarithm = std::log(doubled ? 2 * mantissa : mantissa);
    out[index] = static_cast<T>(static_cast<double>(found.exponent - (doubled ? 1 : 0)) * log_2 + logarithm);
  }
}

template <class T>
void cofactors(std::string_view operation, const Shape& batch, std::int64_t n, const T* a, const T* factors, T* out) {
  for_each_matrix(n == 0 ? 0 : batch.size(), 3 * work_of(n, n), [&](std::int64_t index) {
    const T* matrix = a + index * n * n;
    const T* lu = factors + index * (n + 1) * n;
    T* result = out + index * n * n;
    if (!all_finite(matrix, n * n)) {
      std::fill_n(result, n * n, nan<T>);
      return;
    }
    if (is_well_conditioned(n, matrix, lu)) {
      set_identity(n, result);
      lu_solve_one(true, n, n, lu, result);
      const T det = value_of<T>(determinant(n, lu));
      std::transform(result, result + n * n, result, [det](T x) { return det * x; });
      return;
    }
    if (!cofactors_by_singular_values(n, matrix, result)) {
      throw ValueError(
          fmt::format("[{}] the iteration of LAPACK didn't converge{}", operation, entry_text(index, batch)));
    }
  });
}

template <class T>
void triangular_solve(std::string_view operation, std::string_view singular, const Triangle& triangle, std::int64_t n,
                      std::int64_t k, const Matrices<T>& t, const Matrices<T>& b, const Shape& batch, T* x) {
  require_countable(operation, n, std::max(n, k));
  const BatchIndex t_of{t.batch, batch};
  const BatchIndex b_of{b.batch, batch};
  for_each_matrix(n == 0 ? 0 : batch.size(), work_of(n, k), [&](std::int64_t index) {
    const T* matrix = t.data + t_of(index) * n * n;
    T* out = x + index * n * k;
    bool finite = true;
    T largest = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t begin = triangle.lower ? 0 : i + (triangle.unit ? 1 : 0);
      const std::int64_t end = triangle.lower ? i + (triangle.unit ? 0 : 1) : n;
      finite = finite && all_finite(matrix + i * n + begin, end - begin);
      largest = std::max(largest, std::abs(matrix[i * (n + 1)]));
    }
    if (!finite) {
      std::fill_n(out, n * k, nan<T>);
      return;
    }
    const T least = static_cast<T>(triangle.tolerance) * largest;
    for (std::int64_t i = 0; !triangle.unit && i < n; ++i) {
      if (std::abs(matrix[i * (n + 1)]) <= least) {
        throw ValueError(fmt::format("[{}] found {}{}: element {} of the diagonal is {}", operation, singular,
                                     entry_text(index, batch), i, matrix[i * (n + 1)]));
      }
    }
    std::copy_n(b.data + b_of(index) * n * k, n * k, out);
    if (k > 0) {
      lapack::trsm(triangle.lower, triangle.transposed, triangle.unit, static_cast<blasint>(n), static_cast<blasint>(k),
                   matrix, out);
    }
  });
}

template <class T>
void pseudo_inverse(std::string_view operation, const Shape& batch, std::int64_t m, std::int64_t n, double rcond,
                    const T* a, T* out) {
  require_countable(operation, m, n);
  const std::int64_t longer = std::max(m, n);
  const std::int64_t shorter = std::min(m, n);
  for_each_matrix(shorter == 0 ? 0 : batch.size(), 20 * work_of(shorter, longer), [&](std::int64_t index) {
    const T* matrix = a + index * m * n;
    T* result = out + index * m * n;
    if (!all_finite(matrix, m * n)) {
      std::fill_n(result, m * n, nan<T>);
      return;
    }
    // Of the tall one of A and Aᵀ.
    auto tall = memory_of<T>(m * n);
    for (std::int64_t i = 0; i < m; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        tall[static_cast<std::size_t>(m >= n ? i * n + j : j * m + i)] = matrix[i * n + j];
      }
    }
    auto u = memory_of<T>(m * n);
    auto s = memory_of<T>(shorter);
    auto vt = memory_of<T>(shorter * shorter);
    if (!SingularValues<T>{longer, shorter, true}.find(tall.data(), u.data(), s.data(), vt.data())) {
      throw ValueError(
          fmt::format("[{}] the iteration of LAPACK didn't converge{}", operation, entry_text(index, batch)));
    }
    const T least = static_cast<T>(rcond) * s[0];
    for (std::int64_t k = 0; k < shorter; ++k) {
      const T value = s[static_cast<std::size_t>(k)];
      const T inverse = value > least ? 1 / value : T{0};
      std::transform(vt.begin() + k * shorter, vt.begin() + (k + 1) * shorter, vt.begin() + k * shorter,
                     [inverse](T x) { return inverse * x; });
    }
    const auto rows = static_cast<blasint>(longer);
    const auto columns = static_cast<blasint>(shorter);
    if (m >= n) {
      lapack::gemm(true, true, columns, rows, columns, vt.data(), u.data(), result);
    } else {
      lapack::gemm(false, false, rows, columns, columns, u.data(), vt.data(), result);
    }
  });
}

template void lu_solve<float>(std::string_view, bool, std::int64_t, std::int64_t, const Matrices<float>&,
                              const Matrices<float>&, const Shape&, float*);
template void lu_inverse<float>(std::string_view, const Shape&, std::int64_t, const float*, float*);
template void lu_solve_one<float>(bool, std::int64_t, std::int64_t, const float*, float*) noexcept;
template void determinants<float>(const Shape&, std::int64_t, const float*, float*) noexcept;
template void determinant_signs<float>(const Shape&, std::int64_t, const float*, float*) noexcept;
template void log_determinants<float>(const Shape&, std::int64_t, bool, const float*, float*) noexcept;
template void cofactors<float>(std::string_view, const Shape&, std::int64_t, const float*, const float*, float*);
template void triangular_solve<float>(std::string_view, std::string_view, const Triangle&, std::int64_t, std::int64_t,
                                      const Matrices<float>&, const Matrices<float>&, const Shape&, float*);
template void pseudo_inverse<float>(std::string_view, const Shape&, std::int64_t, std::int64_t, double, const float*,
                                    float*);
template void lu_solve<double>(std::string_view, bool, std::int64_t, std::int64_t, const Matrices<double>&,
                               const Matrices<double>&, const Shape&, double*);
template void lu_inverse<double>(std::string_view, const Shape&, std::int64_t, const double*, double*);
template void lu_solve_one<double>(bool, std::int64_t, std::int64_t, const double*, double*) noexcept;
template void determinants<double>(const Shape&, std::int64_t, const double*, double*) noexcept;
template void determinant_signs<double>(const Shape&, std::int64_t, const double*, double*) noexcept;
template void log_determinants<double>(const Shape&, std::int64_t, bool, const double*, double*) noexcept;
template void cofactors<double>(std::string_view, const Shape&, std::int64_t, const double*, const double*, double*);
template void triangular_solve<double>(std::string_view, std::string_view, const Triangle&, std::int64_t, std::int64_t,
                                       const Matrices<double>&, const Matrices<double>&, const Shape&, double*);
template void pseudo_inverse<double>(std::string_view, const Shape&, std::int64_t, std::int64_t, double, const double*,
                                     double*);

}  // namespace xgrad::run
