#include "run/lapack/factors.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <numeric>

#include "xgrad/error.hpp"

#include "run/lapack/batches.hpp"
#include "run/lapack/lapack.hpp"

namespace xgrad::run {

namespace {

template <class T>
constexpr T nan = std::numeric_limits<T>::quiet_NaN();

double cube(std::int64_t n) noexcept {
  return static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n);
}

template <class T>
std::vector<T> memory_of(std::int64_t count) {
  return std::vector<T>(static_cast<std::size_t>(count));
}

// out ← ½ (a + aᵀ), without overflow. The lower triangle alone; above it zeros.
template <class T>
void symmetric_part(std::int64_t n, const T* a, T* out) {
  constexpr T half{0.5};
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      out[i * n + j] = j > i ? T{0} : half * a[i * n + j] + half * a[j * n + i];
    }
  }
}

[[noreturn]] void did_not_converge(std::string_view operation, std::int64_t index, const Shape& batch) {
  throw ValueError(fmt::format("[{}] the iteration of LAPACK didn't converge{}", operation, entry_text(index, batch)));
}

}  // namespace

template <class T>
void lu_one(std::int64_t n, const T* a, T* factors) {
  std::copy_n(a, n * n, factors);
  auto exchanged = memory_of<blasint>(n);
  static_cast<void>(lapack::getrf(static_cast<blasint>(n), factors, exchanged.data()));
  std::transform(exchanged.begin(), exchanged.end(), factors + n * n,
                 [](blasint row) { return static_cast<T>(row - 1); });
}

template <class T>
void lu(std::string_view operation, const Shape& batch, std::int64_t n, const T* a, T* factors) {
  require_countable(operation, n, n);
  for_each_matrix(n == 0 ? 0 : batch.size(), cube(n), [&](std::int64_t index) {
    T* out = factors + index * (n + 1) * n;
    if (!all_finite(a + index * n * n, n * n)) {
      std::fill_n(out, n * n, nan<T>);
      std::iota(out + n * n, out + (n + 1) * n, T{0});
      return;
    }
    lu_one(n, a + index * n * n, out);
  });
}

template <class T>
void cholesky(std::string_view operation, const Shape& batch, std::int64_t n, const T* a, T* l) {
  require_countable(operation, n, n);
  for_each_matrix(n == 0 ? 0 : batch.size(), cube(n) / 3, [&](std::int64_t index) {
    T* out = l + index * n * n;
    if (!all_finite(a + index * n * n, n * n)) {
      std::fill_n(out, n * n, nan<T>);
      return;
    }
    symmetric_part(n, a + index * n * n, out);
    // Row-major lower is column-major upper: L is the transpose of LAPACK's U.
    if (const blasint order = lapack::potrf(static_cast<blasint>(n), out); order > 0) {
      throw ValueError(
          fmt::format("[{}] found a matrix that isn't positive definite{}: the leading minor of order {} isn't "
                      "positive; expected a symmetric positive definite one",
                      operation, entry_text(index, batch), order));
    }
  });
}

template <class T>
void qr(std::string_view operation, const Shape& batch, std::int64_t m, std::int64_t n, const T* a, T* factors) {
  require_countable(operation, m, n);
  const double cost = 4 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(n);
  for_each_matrix(n == 0 ? 0 : batch.size(), cost, [&](std::int64_t index) {
    const T* matrix = a + index * m * n;
    T* q = factors + index * (m + n) * n;
    T* r = q + m * n;
    if (!all_finite(matrix, m * n)) {
      std::fill_n(q, (m + n) * n, nan<T>);
      return;
    }
    auto columns = memory_of<T>(m * n);
    auto tau = memory_of<T>(n);
    auto work = memory_of<T>(n * 64);
    for (std::int64_t i = 0; i < m; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        columns[static_cast<std::size_t>(j * m + i)] = matrix[i * n + j];
      }
    }
    const auto rows = static_cast<blasint>(m);
    const auto width = static_cast<blasint>(n);
    lapack::geqrf(rows, width, columns.data(), tau.data(), work.data(), width * 64);
    auto signs = memory_of<T>(n);
    for (std::int64_t i = 0; i < n; ++i) {
      const T sign = columns[static_cast<std::size_t>(i * m + i)] < 0 ? T{-1} : T{1};
      for (std::int64_t j = 0; j < n; ++j) {
        r[i * n + j] = j < i ? T{0} : sign * columns[static_cast<std::size_t>(j * m + i)];
      }
      signs[static_cast<std::size_t>(i)] = sign;
    }
    lapack::orgqr(rows, width, columns.data(), tau.data(), work.data(), width * 64);
    for (std::int64_t i = 0; i < m; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        q[i * n + j] = signs[static_cast<std::size_t>(j)] * columns[static_cast<std::size_t>(j * m + i)];
      }
    }
  });
}

template <class T>
bool is_negated(std::int64_t n, std::int64_t stride, const T* vector) noexcept {
  constexpr T share{0.3F};
  T largest = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    largest = std::max(largest, std::abs(vector[i * stride]));
  }
  for (std::int64_t i = 0; i < n; ++i) {
    if (std::abs(vector[i * stride]) >= share * largest) {
      return vector[i * stride] < 0;
    }
  }
  return false;
}

template <class T>
void eigh(std::string_view operation, const Shape& batch, std::int64_t n, bool vectors, const T* a, T* factors) {
  require_countable(operation, n, n);
  const std::int64_t rows = vectors ? n + 1 : 1;
  for_each_matrix(n == 0 ? 0 : batch.size(), 9 * cube(n), [&](std::int64_t index) {
    T* values = factors + index * rows * n;
    if (!all_finite(a + index * n * n, n * n)) {
      std::fill_n(values, rows * n, nan<T>);
      return;
    }
    auto matrix = memory_of<T>(n * n);
    symmetric_part(n, a + index * n * n, matrix.data());
    const std::int64_t lwork = vectors ? 1 + 6 * n + 2 * n * n : 2 * n + 1;
    const std::int64_t liwork = vectors ? 3 + 5 * n : 1;
    auto work = memory_of<T>(lwork + 32 * n);
    auto iwork = memory_of<blasint>(liwork);
    const blasint info =
        lapack::syevd(vectors ? 'V' : 'N', static_cast<blasint>(n), matrix.data(), values, work.data(),
                      static_cast<blasint>(lwork + 32 * n), iwork.data(), static_cast<blasint>(liwork));
    if (info != 0) {
      did_not_converge(operation, index, batch);
    }
    for (std::int64_t k = 0; vectors && k < n; ++k) {
      const T* vector = matrix.data() + k * n;
      const bool negated = is_negated(n, 1, vector);
      for (std::int64_t i = 0; i < n; ++i) {
        values[(i + 1) * n + k] = negated ? -vector[i] : vector[i];
      }
    }
  });
}

template <class T>
SingularValues<T>::SingularValues(std::int64_t m, std::int64_t n, bool vectors)
    : m_{m},
      n_{n},
      vectors_{vectors},
      matrix_(static_cast<std::size_t>(m * n)),
      iwork_(static_cast<std::size_t>(std::max<std::int64_t>(8 * n, 1))) {
  T best{};
  const auto rows = static_cast<blasint>(n);
  const auto columns = static_cast<blasint>(m);
  const char job = vectors ? 'S' : 'N';
  static_cast<void>(lapack::gesdd(job, rows, columns, matrix_.data(), &best, &best, &best, &best, -1, iwork_.data()));
  T best_by_iteration{};
  static_cast<void>(lapack::gesvd(job, rows, columns, matrix_.data(), &best, &best, &best, &best_by_iteration, -1));
  // A float may have rounded the length down.
  const double length = std::max(static_cast<double>(best), static_cast<double>(best_by_iteration)) * 1.0001 + 64;
  work_.resize(static_cast<std::size_t>(length));
}

// Row-major A is column-major Aᵀ = V S Uᵀ: LAPACK's U, column-major, is Vᵀ, row-major, and its Vᵀ is U.
template <class T>
bool SingularValues<T>::find(const T* a, T* u, T* s, T* vt) {
  const auto rows = static_cast<blasint>(n_);
  const auto columns = static_cast<blasint>(m_);
  const auto length = static_cast<blasint>(work_.size());
  const char job = vectors_ ? 'S' : 'N';
  std::copy_n(a, m_ * n_, matrix_.data());
  if (lapack::gesdd(job, rows, columns, matrix_.data(), s, vt, u, work_.data(), length, iwork_.data()) == 0) {
    return true;
  }
  std::copy_n(a, m_ * n_, matrix_.data());
  return lapack::gesvd(job, rows, columns, matrix_.data(), s, vt, u, work_.data(), length) == 0;
}

template <class T>
void svd(std::string_view operation, const Shape& batch, std::int64_t m, std::int64_t n, bool vectors, const T* a,
         T* factors) {
  require_countable(operation, m, n);
  const std::int64_t rows = vectors ? m + 1 + n : 1;
  const double cost = 20 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(n);
  for_each_matrix(n == 0 ? 0 : batch.size(), cost, [&](std::int64_t index) {
    T* out = factors + index * rows * n;
    if (!all_finite(a + index * m * n, m * n)) {
      std::fill_n(out, rows * n, nan<T>);
      return;
    }
    SingularValues<T> one{m, n, vectors};
    T* s = vectors ? out + m * n : out;
    T* vt = s + n;
    if (!one.find(a + index * m * n, out, s, vt)) {
      did_not_converge(operation, index, batch);
    }
    for (std::int64_t k = 0; vectors && k < n; ++k) {
      if (is_negated(m, n, out + k)) {
        for (std::int64_t i = 0; i < m; ++i) {
          out[i * n + k] = -out[i * n + k];
        }
        std::transform(vt + k * n, vt + (k + 1) * n, vt + k * n, [](T x) { return -x; });
      }
    }
  });
}

template void lu_one<float>(std::int64_t, const float*, float*);
template void lu_one<double>(std::int64_t, const double*, double*);
template void lu<float>(std::string_view, const Shape&, std::int64_t, const float*, float*);
template void lu<double>(std::string_view, const Shape&, std::int64_t, const double*, double*);
template void cholesky<float>(std::string_view, const Shape&, std::int64_t, const float*, float*);
template void cholesky<double>(std::string_view, const Shape&, std::int64_t, const double*, double*);
template void qr<float>(std::string_view, const Shape&, std::int64_t, std::int64_t, const float*, float*);
template void qr<double>(std::string_view, const Shape&, std::int64_t, std::int64_t, const double*, double*);
template void eigh<float>(std::string_view, const Shape&, std::int64_t, bool, const float*, float*);
template void eigh<double>(std::string_view, const Shape&, std::int64_t, bool, const double*, double*);
template void svd<float>(std::string_view, const Shape&, std::int64_t, std::int64_t, bool, const float*, float*);
template void svd<double>(std::string_view, const Shape&, std::int64_t, std::int64_t, bool, const double*, double*);
template class SingularValues<float>;
template class SingularValues<double>;
template bool is_negated<float>(std::int64_t, std::int64_t, const float*) noexcept;
template bool is_negated<double>(std::int64_t, std::int64_t, const double*) noexcept;

}  // namespace xgrad::run
