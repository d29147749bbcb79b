// The Cholesky factor by hand. With the symmetric part S = ½ (A + Aᵀ) = L Lᵀ, column by column from the left:
//
//   L_jj = √(S_jj − Σ_{k < j} L_jk²)      L_ij = (S_ij − Σ_{k < j} L_ik L_jk) / L_jj  for i > j
//
// Its differential: dS = dL Lᵀ + L dLᵀ, and with L⁻¹ from the left and L⁻ᵀ from the right
//
//   L⁻¹ dS L⁻ᵀ = L⁻¹ dL + (L⁻¹ dL)ᵀ
//
// L⁻¹ dL is lower triangular. So it is the lower triangle of the left-hand side, with half of the diagonal, which both
// terms share. Φ takes just that of a matrix:
//
//   dL = L Φ(L⁻¹ dS L⁻ᵀ)
//
// Backwards, with the inner product ⟨X, Y⟩ = Σ X_ij Y_ij, in which Φ is its own adjoint and M stands across as Mᵀ:
//
//   ⟨L̄, dL⟩ = ⟨Φ(Lᵀ L̄), L⁻¹ dS L⁻ᵀ⟩ = ⟨L⁻ᵀ Φ(Lᵀ L̄) L⁻¹, dS⟩
//
// So with S̄ = L⁻ᵀ Φ(Lᵀ L̄) L⁻¹, and as S is made of A and Aᵀ alike,
//
//   Ā = ½ (S̄ + S̄ᵀ)
//
// Murray, Differentiation of the Cholesky decomposition, arXiv 1602.07527, 2016, section 3.
#include <cmath>
#include <cstddef>
#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/manual_layers.hpp"

#include "check/layers/array.hpp"
#include "check/layers/values.hpp"

namespace xgrad::check::manual {
namespace {

constexpr const char* name = "cholesky";

using Matrix = Array<2>;

/// L of L Lᵀ = S.
Matrix factor(const Matrix& S) {
  const std::int64_t n = S.length(0);
  Matrix L{S.lengths()};
  for (std::int64_t j = 0; j < n; ++j) {
    for (std::int64_t i = j; i < n; ++i) {
      double left = S(i, j);
      for (std::int64_t k = 0; k < j; ++k) {
        left -= L(i, k) * L(j, k);
      }
      if (i == j && !(left > 0)) {
        throw ValueError(fmt::format("[manual::{}] the matrix isn't positive definite: pivot {} is {}", name, j, left));
      }
      L(i, j) = i == j ? std::sqrt(left) : left / L(j, j);
    }
  }
  return L;
}

/// Φ(Lᵀ L̄).
Matrix phi_of_product(const Matrix& L, const Matrix& L_bar) {
  const std::int64_t n = L.length(0);
  Matrix P{L.lengths()};
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j <= i; ++j) {
      for (std::int64_t k = i; k < n; ++k) {  // L_ki is 0 for k < i
        P(i, j) += L(k, i) * L_bar(k, j);
      }
      P(i, j) *= i == j ? 0.5 : 1;
    }
  }
  return P;
}

/// L⁻ᵀ B: the rows of the solution X of Lᵀ X = B from the last up.
Matrix solve_transposed(const Matrix& L, const Matrix& B) {
  const std::int64_t n = L.length(0);
  Matrix X{L.lengths()};
  for (std::int64_t i = n; i-- > 0;) {
    for (std::int64_t j = 0; j < n; ++j) {
      double left = B(i, j);
      for (std::int64_t k = i + 1; k < n; ++k) {
        left -= L(k, i) * X(k, j);
      }
      X(i, j) = left / L(i, i);
    }
  }
  return X;
}

Matrix transposed(const Matrix& M) {
  Matrix result{M.lengths()};
  for_each_index(M.lengths(), [&](const Index<2>& at) { result(at[1], at[0]) = M[at]; });
  return result;
}

Matrix symmetric_part(const Matrix& M) {
  Matrix result{M.lengths()};
  for_each_index(M.lengths(), [&](const Index<2>& at) { result[at] = 0.5 * (M[at] + M(at[1], at[0])); });
  return result;
}

/// Matrix number m of a batch.
Matrix matrix_at(const Array<3>& batch, std::int64_t m) {
  Matrix result{{batch.length(1), batch.length(2)}};
  for_each_index(result.lengths(), [&](const Index<2>& at) { result[at] = batch(m, at[0], at[1]); });
  return result;
}

void set_matrix(Array<3>& batch, std::int64_t m, const Matrix& matrix) {
  for_each_index(matrix.lengths(), [&](const Index<2>& at) { batch(m, at[0], at[1]) = matrix[at]; });
}

}  // namespace

Cholesky cholesky(const Tensor& a, const Tensor& dl) {
  require_floating(name, "a", a);
  if (a.rank() < 2 || a.shape()[a.rank() - 1] != a.shape()[a.rank() - 2]) {
    refuse_shape(name, "a", a, "(…, n, n)");
  }
  require(name, "dl", dl, a.dtype(), a.shape());
  const std::int64_t n = a.shape().back();
  const Index<3> lengths{product_of(a.shape(), 0, a.rank() - 2), n, n};
  const Array<3> A = read(a, lengths);
  const Array<3> L_bar = read(dl, lengths);

  Array<3> factors{lengths};
  Array<3> gradients{lengths};
  for (std::int64_t m = 0; m < lengths[0]; ++m) {
    const Matrix L = factor(symmetric_part(matrix_at(A, m)));
    const Matrix P = phi_of_product(L, matrix_at(L_bar, m));
    // L⁻ᵀ P L⁻¹ = (L⁻ᵀ (L⁻ᵀ P)ᵀ)ᵀ
    const Matrix S_bar = transposed(solve_transposed(L, transposed(solve_transposed(L, P))));
    set_matrix(factors, m, L);
    set_matrix(gradients, m, symmetric_part(S_bar));
  }
  return {write_like(factors, a), write_like(gradients, a)};
}

}  // namespace xgrad::check::manual
