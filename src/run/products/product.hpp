#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "xgrad/dtype.hpp"

namespace xgrad::run {

/// op(A) is (m,k), op(B) (k,n), C (m,n); each is contiguous and row-major as stored: A is (m,k), or (k,m) if
/// transpose_a, and B likewise. Any length may be 0. dtype is float32 or float64.
struct ProductShape {
  bool transpose_a = false;
  bool transpose_b = false;
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
  DType dtype = DType::float32;
  bool adds = false;  ///< β isn't 0: what product_form() measures. product() looks at β itself.

  friend bool operator==(const ProductShape&, const ProductShape&) = default;
};

/// How a product is carried out. Forms round differently.
struct ProductForm {
  enum class Kind : std::uint8_t {
    small,         ///< own kernel that starts fast
    dot,           ///< m = n = 1: BLAS
    gemv,          ///< m = 1 or n = 1: BLAS
    outer,         ///< k = 1: own kernel
    dots,          ///< own kernel: both operands are read along k
    panels,        ///< own kernel: op(B) is read along n
    gemm,          ///< BLAS
    gemm_rows,     ///< BLAS for `chunk` rows of op(A) at a time
    gemm_columns,  ///< BLAS for `chunk` columns of op(A), and as many rows of op(B), at a time
  };
  Kind kind = Kind::gemm;
  std::int64_t chunk = 0;

  friend bool operator==(const ProductForm&, const ProductForm&) = default;
};

/// "gemm", "gemm in chunks of 32 rows", "gemm in chunks of 64 of k", "gemv" and so on.
[[nodiscard]] std::string to_string(const ProductForm& form);

/// All forms that carry out a product of this shape.
[[nodiscard]] std::vector<ProductForm> product_forms(const ProductShape& shape);

/// The form that is used where nothing is measured. Depends on the shape only.
[[nodiscard]] ProductForm plain_product_form(const ProductShape& shape) noexcept;

/// The form that is fastest on this machine with the present number of threads: measured on scratch data when a shape
/// is first asked for, and remembered for the process, so that it gives the same bits from then on. Most shapes, the
/// tiny and the large ones, aren't measured: theirs is the plain form, as it is where no other was clearly faster. The
/// environment variable XGRAD_PRODUCTS=plain, read once, turns measuring off. May be called by several threads at once.
[[nodiscard]] ProductForm product_form(const ProductShape& shape);

/// Whether product_form() may measure on this thread; true unless set.
void set_measuring(bool on) noexcept;

/// C ← α op(A) op(B) + β C, or + β start if it is given, of C's size. T is the shape's dtype. C and start aren't read
/// if β = 0. Nothing overlaps C but start, which may be C. A form that doesn't fit the shape is taken for gemm. Throws
/// ValueError if a length doesn't fit BLAS' integers.
template <class T>
void product(const ProductShape& shape, const ProductForm& form, T alpha, const T* a, const T* b, T beta, T* c,
             const T* start = nullptr);

}  // namespace xgrad::run
