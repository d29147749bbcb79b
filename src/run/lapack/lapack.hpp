#pragma once

#include <cblas.h>
#include <cstddef>

// Column-major. Lengths of characters come last, as gfortran passes them.
extern "C" {
void sgetrf_(const blasint* m, const blasint* n, float* a, const blasint* lda, blasint* pivots, blasint* info);
void dgetrf_(const blasint* m, const blasint* n, double* a, const blasint* lda, blasint* pivots, blasint* info);
void sgecon_(const char* norm, const blasint* n, const float* a, const blasint* lda, const float* a_norm, float* rcond,
             float* work, blasint* iwork, blasint* info, std::size_t norm_length);
void dgecon_(const char* norm, const blasint* n, const double* a, const blasint* lda, const double* a_norm,
             double* rcond, double* work, blasint* iwork, blasint* info, std::size_t norm_length);
void spotrf_(const char* uplo, const blasint* n, float* a, const blasint* lda, blasint* info, std::size_t uplo_length);
void dpotrf_(const char* uplo, const blasint* n, double* a, const blasint* lda, blasint* info, std::size_t uplo_length);
void sgeqrf_(const blasint* m, const blasint* n, float* a, const blasint* lda, float* tau, float* work,
             const blasint* lwork, blasint* info);
void dgeqrf_(const blasint* m, const blasint* n, double* a, const blasint* lda, double* tau, double* work,
             const blasint* lwork, blasint* info);
void sorgqr_(const blasint* m, const blasint* n, const blasint* k, float* a, const blasint* lda, const float* tau,
             float* work, const blasint* lwork, blasint* info);
void dorgqr_(const blasint* m, const blasint* n, const blasint* k, double* a, const blasint* lda, const double* tau,
             double* work, const blasint* lwork, blasint* info);
void ssyevd_(const char* job, const char* uplo, const blasint* n, float* a, const blasint* lda, float* w, float* work,
             const blasint* lwork, blasint* iwork, const blasint* liwork, blasint* info, std::size_t job_length,
             std::size_t uplo_length);
void dsyevd_(const char* job, const char* uplo, const blasint* n, double* a, const blasint* lda, double* w,
             double* work, const blasint* lwork, blasint* iwork, const blasint* liwork, blasint* info,
             std::size_t job_length, std::size_t uplo_length);
void sgesdd_(const char* job, const blasint* m, const blasint* n, float* a, const blasint* lda, float* s, float* u,
             const blasint* ldu, float* vt, const blasint* ldvt, float* work, const blasint* lwork, blasint* iwork,
             blasint* info, std::size_t job_length);
void dgesdd_(const char* job, const blasint* m, const blasint* n, double* a, const blasint* lda, double* s, double* u,
             const blasint* ldu, double* vt, const blasint* ldvt, double* work, const blasint* lwork, blasint* iwork,
             blasint* info, std::size_t job_length);
void sgesvd_(const char* job_u, const char* job_vt, const blasint* m, const blasint* n, float* a, const blasint* lda,
             float* s, float* u, const blasint* ldu, float* vt, const blasint* ldvt, float* work, const blasint* lwork,
             blasint* info, std::size_t job_u_length, std::size_t job_vt_length);
void dgesvd_(const char* job_u, const char* job_vt, const blasint* m, const blasint* n, double* a, const blasint* lda,
             double* s, double* u, const blasint* ldu, double* vt, const blasint* ldvt, double* work,
             const blasint* lwork, blasint* info, std::size_t job_u_length, std::size_t job_vt_length);
}

/// One function for both precisions. Those with a workspace take its length; −1 asks for the best in work[0].
namespace xgrad::run::lapack {

inline blasint getrf(blasint n, float* a, blasint* pivots) noexcept {
  blasint info = 0;
  sgetrf_(&n, &n, a, &n, pivots, &info);
  return info;
}
inline blasint getrf(blasint n, double* a, blasint* pivots) noexcept {
  blasint info = 0;
  dgetrf_(&n, &n, a, &n, pivots, &info);
  return info;
}

/// 1 / (‖A‖₁ ‖A⁻¹‖₁), estimated. `work` has 4 n elements, `iwork` n.
inline float gecon(blasint n, const float* lu, float a_norm, float* work, blasint* iwork) noexcept {
  blasint info = 0;
  float rcond = 0;
  sgecon_("1", &n, lu, &n, &a_norm, &rcond, work, iwork, &info, 1);
  return rcond;
}
inline double gecon(blasint n, const double* lu, double a_norm, double* work, blasint* iwork) noexcept {
  blasint info = 0;
  double rcond = 0;
  dgecon_("1", &n, lu, &n, &a_norm, &rcond, work, iwork, &info, 1);
  return rcond;
}

/// Of the upper triangle: UᵀU.
inline blasint potrf(blasint n, float* a) noexcept {
  blasint info = 0;
  spotrf_("U", &n, a, &n, &info, 1);
  return info;
}
inline blasint potrf(blasint n, double* a) noexcept {
  blasint info = 0;
  dpotrf_("U", &n, a, &n, &info, 1);
  return info;
}

inline void geqrf(blasint m, blasint n, float* a, float* tau, float* work, blasint lwork) noexcept {
  blasint info = 0;
  sgeqrf_(&m, &n, a, &m, tau, work, &lwork, &info);
}
inline void geqrf(blasint m, blasint n, double* a, double* tau, double* work, blasint lwork) noexcept {
  blasint info = 0;
  dgeqrf_(&m, &n, a, &m, tau, work, &lwork, &info);
}

inline void orgqr(blasint m, blasint n, float* a, const float* tau, float* work, blasint lwork) noexcept {
  blasint info = 0;
  sorgqr_(&m, &n, &n, a, &m, tau, work, &lwork, &info);
}
inline void orgqr(blasint m, blasint n, double* a, const double* tau, double* work, blasint lwork) noexcept {
  blasint info = 0;
  dorgqr_(&m, &n, &n, a, &m, tau, work, &lwork, &info);
}

/// job 'V' (with vectors, in a) or 'N', of the upper triangle.
inline blasint syevd(char job, blasint n, float* a, float* w, float* work, blasint lwork, blasint* iwork,
                     blasint liwork) noexcept {
  blasint info = 0;
  ssyevd_(&job, "U", &n, a, &n, w, work, &lwork, iwork, &liwork, &info, 1, 1);
  return info;
}
inline blasint syevd(char job, blasint n, double* a, double* w, double* work, blasint lwork, blasint* iwork,
                     blasint liwork) noexcept {
  blasint info = 0;
  dsyevd_(&job, "U", &n, a, &n, w, work, &lwork, iwork, &liwork, &info, 1, 1);
  return info;
}

/// job 'S' (reduced) or 'N' (values only), m ≤ n: u is (m,m), vt (m,n). `iwork` has 8 m elements.
inline blasint gesdd(char job, blasint m, blasint n, float* a, float* s, float* u, float* vt, float* work,
                     blasint lwork, blasint* iwork) noexcept {
  blasint info = 0;
  sgesdd_(&job, &m, &n, a, &m, s, u, &m, vt, &m, work, &lwork, iwork, &info, 1);
  return info;
}
inline blasint gesdd(char job, blasint m, blasint n, double* a, double* s, double* u, double* vt, double* work,
                     blasint lwork, blasint* iwork) noexcept {
  blasint info = 0;
  dgesdd_(&job, &m, &n, a, &m, s, u, &m, vt, &m, work, &lwork, iwork, &info, 1);
  return info;
}

/// As gesdd, by QR iteration: slower, and converges where divide and conquer doesn't.
inline blasint gesvd(char job, blasint m, blasint n, float* a, float* s, float* u, float* vt, float* work,
                     blasint lwork) noexcept {
  blasint info = 0;
  sgesvd_(&job, &job, &m, &n, a, &m, s, u, &m, vt, &m, work, &lwork, &info, 1, 1);
  return info;
}
inline blasint gesvd(char job, blasint m, blasint n, double* a, double* s, double* u, double* vt, double* work,
                     blasint lwork) noexcept {
  blasint info = 0;
  dgesvd_(&job, &job, &m, &n, a, &m, s, u, &m, vt, &m, work, &lwork, &info, 1, 1);
  return info;
}

/// Row-major: x ← op(t)⁻¹ x for the triangle t (n,n) and x (n,k).
inline void trsm(bool lower, bool transposed, bool unit, blasint n, blasint k, const float* t, float* x) noexcept {
  cblas_strsm(CblasRowMajor, CblasLeft, lower ? CblasLower : CblasUpper, transposed ? CblasTrans : CblasNoTrans,
              unit ? CblasUnit : CblasNonUnit, n, k, 1, t, n, x, k);
}
inline void trsm(bool lower, bool transposed, bool unit, blasint n, blasint k, const double* t, double* x) noexcept {
  cblas_dtrsm(CblasRowMajor, CblasLeft, lower ? CblasLower : CblasUpper, transposed ? CblasTrans : CblasNoTrans,
              unit ? CblasUnit : CblasNonUnit, n, k, 1, t, n, x, k);
}

/// Row-major: c (m,n) ← op(a) op(b), contiguous.
inline void gemm(bool transpose_a, bool transpose_b, blasint m, blasint n, blasint k, const float* a, const float* b,
                 float* c) noexcept {
  cblas_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans, m, n, k,
              1, a, transpose_a ? m : k, b, transpose_b ? k : n, 0, c, n);
}
inline void gemm(bool transpose_a, bool transpose_b, blasint m, blasint n, blasint k, const double* a, const double* b,
                 double* c) noexcept {
  cblas_dgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans, m, n, k,
              1, a, transpose_a ? m : k, b, transpose_b ? k : n, 0, c, n);
}

}  // namespace xgrad::run::lapack
