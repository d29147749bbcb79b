#include "run/blas.hpp"

#include <algorithm>
#include <cblas.h>
#include <limits>
#include <type_traits>

#include "xgrad/error.hpp"

namespace xgrad::run {

namespace {

// The one place that sets OpenBLAS' threads.
void one_thread() {
  static const bool set = [] {
    openblas_set_num_threads(1);
    return true;
  }();
  static_cast<void>(set);
}

blasint narrow(std::int64_t value) {
  if (value > std::numeric_limits<blasint>::max()) {
    throw ValueError("[matmul] an axis is longer than BLAS' integers count");
  }
  return static_cast<blasint>(value);
}

blasint leading(std::int64_t value) {
  return std::max<blasint>(narrow(value), 1);
}

CBLAS_TRANSPOSE flag(bool transpose) {
  return transpose ? CblasTrans : CblasNoTrans;
}

}  // namespace

template <class T>
void gemm(const Gemm<T>& p) {
  if (p.m == 0 || p.n == 0) {
    return;
  }
  one_thread();
  if constexpr (std::is_same_v<T, float>) {
    cblas_sgemm(CblasRowMajor, flag(p.transpose_a), flag(p.transpose_b), narrow(p.m), narrow(p.n), narrow(p.k), p.alpha,
                p.a, leading(p.lda), p.b, leading(p.ldb), p.beta, p.c, leading(p.ldc));
  } else {
    cblas_dgemm(CblasRowMajor, flag(p.transpose_a), flag(p.transpose_b), narrow(p.m), narrow(p.n), narrow(p.k), p.alpha,
                p.a, leading(p.lda), p.b, leading(p.ldb), p.beta, p.c, leading(p.ldc));
  }
}

template <class T>
void gemv(bool transpose, std::int64_t rows, std::int64_t columns, const T* a, const T* x, T* y) {
  const std::int64_t outputs = transpose ? columns : rows;
  if (outputs == 0) {
    return;
  }
  // OpenBLAS leaves y as it was if the inner length is 0, also with β = 0.
  if (rows == 0 || columns == 0) {
    std::fill_n(y, outputs, T{0});
    return;
  }
  one_thread();
  if constexpr (std::is_same_v<T, float>) {
    cblas_sgemv(CblasRowMajor, flag(transpose), narrow(rows), narrow(columns), 1.0F, a, leading(columns), x, 1, 0.0F, y,
                1);
  } else {
    cblas_dgemv(CblasRowMajor, flag(transpose), narrow(rows), narrow(columns), 1.0, a, leading(columns), x, 1, 0.0, y,
                1);
  }
}

template <class T>
T dot(std::int64_t count, const T* x, const T* y) {
  one_thread();
  if constexpr (std::is_same_v<T, float>) {
    return cblas_sdot(narrow(count), x, 1, y, 1);
  } else {
    return cblas_ddot(narrow(count), x, 1, y, 1);
  }
}

template void gemm<float>(const Gemm<float>&);
template void gemm<double>(const Gemm<double>&);
template void gemv<float>(bool, std::int64_t, std::int64_t, const float*, const float*, float*);
template void gemv<double>(bool, std::int64_t, std::int64_t, const double*, const double*, double*);
template float dot<float>(std::int64_t, const float*, const float*);
template double dot<double>(std::int64_t, const double*, const double*);

}  // namespace xgrad::run
