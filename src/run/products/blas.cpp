#include "run/products/blas.hpp"

#include <cblas.h>
#include <limits>
#include <mutex>
#include <shared_mutex>
#include <type_traits>

#include "xgrad/error.hpp"
#include "xgrad/threads.hpp"

#include "run/threads.hpp"

namespace xgrad::run {

namespace {

// Here alone OpenBLAS' threads are set. It has one number for the process, which is 1 but during a product that uses
// several; no other call is under way then.
std::shared_mutex& calls_under_way() {
  static std::shared_mutex mutex;
  static const bool set_once = (openblas_set_num_threads(1), true);
  static_cast<void>(set_once);
  return mutex;
}

template <class F>
void with_threads(int count, F f) {
  std::shared_mutex& mutex = calls_under_way();
  if (threads() == 1) {
    f();
  } else if (count == 1) {
    const std::shared_lock lock{mutex};
    f();
  } else {
    const std::unique_lock lock{mutex};
    openblas_set_num_threads(count);
    f();
    openblas_set_num_threads(1);
  }
}

blasint narrow(std::int64_t value) {
  if (value > std::numeric_limits<blasint>::max()) {
    throw ValueError("[matmul] an axis is longer than BLAS' integers count");
  }
  return static_cast<blasint>(value);
}

CBLAS_TRANSPOSE flag(bool transpose) {
  return transpose ? CblasTrans : CblasNoTrans;
}

}  // namespace

OneBlasThread::OneBlasThread() {
  std::shared_mutex& mutex = calls_under_way();
  if (threads() > 1) {
    lock_ = std::shared_lock{mutex};
  }
}

template <class T>
void gemm(const Gemm<T>& p) {
  const blasint m = narrow(p.m);
  const blasint n = narrow(p.n);
  const blasint k = narrow(p.k);
  const blasint lda = narrow(p.lda);
  const blasint ldb = narrow(p.ldb);
  const blasint ldc = narrow(p.ldc);
  with_threads(p.alone ? 1 : blas_threads(p.m, p.n, p.k), [&]() noexcept {
    if constexpr (std::is_same_v<T, float>) {
      cblas_sgemm(CblasRowMajor, flag(p.transpose_a), flag(p.transpose_b), m, n, k, p.alpha, p.a, lda, p.b, ldb, p.beta,
                  p.c, ldc);
    } else {
      cblas_dgemm(CblasRowMajor, flag(p.transpose_a), flag(p.transpose_b), m, n, k, p.alpha, p.a, lda, p.b, ldb, p.beta,
                  p.c, ldc);
    }
  });
}

template <class T>
void gemv(bool transpose, std::int64_t rows, std::int64_t columns, T alpha, const T* a, const T* x, T beta, T* y) {
  const blasint m = narrow(rows);
  const blasint n = narrow(columns);
  with_threads(1, [&]() noexcept {
    if constexpr (std::is_same_v<T, float>) {
      cblas_sgemv(CblasRowMajor, flag(transpose), m, n, alpha, a, n, x, 1, beta, y, 1);
    } else {
      cblas_dgemv(CblasRowMajor, flag(transpose), m, n, alpha, a, n, x, 1, beta, y, 1);
    }
  });
}

template <class T>
T dot(std::int64_t count, const T* x, const T* y) {
  const blasint n = narrow(count);
  T result{};
  with_threads(1, [&]() noexcept {
    if constexpr (std::is_same_v<T, float>) {
      result = cblas_sdot(n, x, 1, y, 1);
    } else {
      result = cblas_ddot(n, x, 1, y, 1);
    }
  });
  return result;
}

int blas_threads(std::int64_t m, std::int64_t n, std::int64_t k) noexcept {
  constexpr double enough = 4e6;  // multiplications
  const bool large = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k) >= enough;
  return large ? usable_threads() : 1;
}

template void gemm<float>(const Gemm<float>&);
template void gemm<double>(const Gemm<double>&);
template void gemv<float>(bool, std::int64_t, std::int64_t, float, const float*, const float*, float, float*);
template void gemv<double>(bool, std::int64_t, std::int64_t, double, const double*, const double*, double, double*);
template float dot<float>(std::int64_t, const float*, const float*);
template double dot<double>(std::int64_t, const double*, const double*);

}  // namespace xgrad::run
