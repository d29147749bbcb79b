#pragma once

#include <cstdint>
#include <shared_mutex>

namespace xgrad::run {

/// C ← α op(A) op(B) + β C, row-major; op(A) is (m,k), op(B) (k,n), each transposed if its flag says so. T is float or
/// double. Leading dimensions are those of the stored matrices. Lengths are at least 1. C isn't read if β = 0.
template <class T>
struct Gemm {
  bool transpose_a = false;
  bool transpose_b = false;
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
  T alpha = 1;
  const T* a = nullptr;
  std::int64_t lda = 0;
  const T* b = nullptr;
  std::int64_t ldb = 0;
  T beta = 0;
  T* c = nullptr;
  std::int64_t ldc = 0;
  bool alone = false;  ///< on this thread only, so that the bits don't depend on the number of threads
};

/// On blas_threads(m, n, k) threads, unless alone.
template <class T>
void gemm(const Gemm<T>& product);

/// y ← α op(A) x + β y; A is stored (rows, columns), contiguous, both at least 1. y isn't read if β = 0.
template <class T>
void gemv(bool transpose, std::int64_t rows, std::int64_t columns, T alpha, const T* a, const T* x, T beta, T* y);

/// Σ x y.
template <class T>
[[nodiscard]] T dot(std::int64_t count, const T* x, const T* y);

/// While one lives, calls of OpenBLAS by this thread, LAPACK's among them, use one thread. Call none of the above then.
class OneBlasThread {
 public:
  OneBlasThread();

 private:
  std::shared_lock<std::shared_mutex> lock_;
};

/// How many threads a product of this size uses: usable_threads() if it is large enough to gain from them, else 1.
[[nodiscard]] int blas_threads(std::int64_t m, std::int64_t n, std::int64_t k) noexcept;

}  // namespace xgrad::run
