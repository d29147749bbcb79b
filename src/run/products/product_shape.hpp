#pragma once

#include <algorithm>
#include <utility>

#include "run/products/product.hpp"

namespace xgrad::run {

/// The shape of the same product in the one way that forms look at: a column C is a row, which swaps the operands; a
/// flag that changes nothing, because the operand is a vector, is the one that its form reads.
struct CanonicalProduct {
  ProductShape shape;
  bool swapped = false;  ///< A and B change places
};

[[nodiscard]] inline CanonicalProduct canonical(const ProductShape& shape) noexcept {
  CanonicalProduct result{shape, false};
  ProductShape& s = result.shape;
  if (s.n == 1 && s.m != 1) {  // Cᵀ = op(B)ᵀ op(A)ᵀ
    s = {!shape.transpose_b, !shape.transpose_a, shape.n, shape.m, shape.k, shape.dtype, shape.adds};
    result.swapped = true;
  }
  if (s.m == 1 || s.k == 1) {
    s.transpose_a = false;
  }
  if (s.n == 1) {
    s.transpose_b = true;
  } else if (s.k == 1) {
    s.transpose_b = false;
  }
  return result;
}

/// m n k, of any size.
[[nodiscard]] inline double multiplications(const ProductShape& s) noexcept {
  return static_cast<double>(s.m) * static_cast<double>(s.n) * static_cast<double>(s.k);
}

/// Whether a form carries out a product of this canonical shape.
[[nodiscard]] inline bool fits(const ProductForm& form, const ProductShape& s) noexcept {
  using Kind = ProductForm::Kind;
  switch (form.kind) {
    case Kind::dot:
      return s.m == 1 && s.n == 1;
    case Kind::gemv:
      return s.m == 1;
    case Kind::outer:
      return s.k == 1;
    case Kind::dots:
      return !s.transpose_a && s.transpose_b;
    case Kind::gemm_rows:
    case Kind::gemm_columns:
      return form.chunk > 0;
    default:
      return true;
  }
}

}  // namespace xgrad::run
