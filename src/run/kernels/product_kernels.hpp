#pragma once

#include <cstdint>

namespace xgrad::run {

/// C ← α op(A) op(B) + β C; op(A) is (m,k), op(B) (k,n), row-major as stored; B and C are contiguous, rows of A are
/// `lda` elements apart. C isn't read if β = 0.
template <class T>
struct ProductCall {
  bool transpose_a = false;
  bool transpose_b = false;
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
  T alpha = 1;
  const T* a = nullptr;
  std::int64_t lda = 0;
  const T* b = nullptr;
  T beta = 0;
  T* c = nullptr;
  const T* start = nullptr;  ///< for `outer`: what stands for C at the right of the arrow; null means C
};

/// y ← Wᵀ δ, C ← W + α δ xᵀ, W being `start`, (rows, columns), which may be C. Neither length is 0.
template <class T>
struct VectorUpdateCall {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  T alpha = 1;
  const T* delta = nullptr;  ///< (rows)
  const T* x = nullptr;      ///< (columns)
  const T* start = nullptr;
  T* c = nullptr;
  T* y = nullptr;  ///< (columns)
};

/// Own kernels for products on which a call of BLAS is slow. T is float or double. All lengths are at least 1. Equal
/// input gives equal bits, wherever it lies in memory; a row of C doesn't depend on how many others are computed with
/// it.
template <class T>
struct ProductKernels {
  /// Any product; meant for a few hundred multiplications.
  void (*small)(const ProductCall<T>& p);
  /// A not transposed, B transposed: tiles of C are dot products along memory.
  void (*dots)(const ProductCall<T>& p);
  /// Any product: tiles of C, each a sum of outer products of a column of op(A) and a row of op(B).
  void (*panels)(const ProductCall<T>& p);
  /// k = 1, A contiguous: C ← α a bᵀ + β C, or + β start.
  void (*outer)(const ProductCall<T>& p);
  /// Two products in one pass over a matrix.
  void (*vector_update)(const VectorUpdateCall<T>& p);
};

/// The kernels for this machine; see isa.hpp.
template <class T>
[[nodiscard]] const ProductKernels<T>& product_kernels();
template <>
[[nodiscard]] const ProductKernels<float>& product_kernels<float>();
template <>
[[nodiscard]] const ProductKernels<double>& product_kernels<double>();

// One definition per instruction set, each compiled with its flags.
namespace baseline {
[[nodiscard]] const ProductKernels<float>& product_kernels_float32() noexcept;
[[nodiscard]] const ProductKernels<double>& product_kernels_float64() noexcept;
}  // namespace baseline
namespace avx2 {
[[nodiscard]] const ProductKernels<float>& product_kernels_float32() noexcept;
[[nodiscard]] const ProductKernels<double>& product_kernels_float64() noexcept;
}  // namespace avx2
namespace avx512 {
[[nodiscard]] const ProductKernels<float>& product_kernels_float32() noexcept;
[[nodiscard]] const ProductKernels<double>& product_kernels_float64() noexcept;
}  // namespace avx512

}  // namespace xgrad::run
