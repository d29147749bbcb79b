#pragma once

#include <cstdint>
#include <memory>

#include "xgrad/operation.hpp"

namespace xgrad::ops {

/// How formulas write an operation on matrices.
enum class MatrixForm : std::uint8_t {
  inverse,          ///< A⁻¹
  solution,         ///< A⁻¹ B, or A⁻ᵀ B
  triangular,       ///< the same of the triangle of A
  determinant,      ///< |A|
  log_determinant,  ///< log|A|
  sign,             ///< sign|A|
  cofactors,        ///< |A| A⁻ᵀ
  triangle,         ///< tril(A), triu(A), Φ(A)
  cholesky,         ///< chol(A)
  trace,            ///< tr(A)
  unit,             ///< g I
  factors,          ///< not at all: LU factors, which others take along
};

/// An operation that has such a form. Some take the LU factors of A behind A, so that all of one A share them; these,
/// but for a solution, also take A alone.
class MatrixOperation : public Operation {
 public:
  [[nodiscard]] virtual MatrixForm form() const noexcept = 0;
};

/// The operation as one; null if it is another.
[[nodiscard]] const MatrixOperation* as_matrix_operation(const Operation& operation) noexcept;

[[nodiscard]] const std::shared_ptr<const Operation>& inverse_operation();
[[nodiscard]] const std::shared_ptr<const Operation>& determinant_operation();

/// The lower or upper triangle of the last two axes, with zeros beyond, and the diagonal multiplied by a factor. Its
/// own adjoint.
[[nodiscard]] std::shared_ptr<const Operation> triangle_operation(bool lower, double diagonal);

}  // namespace xgrad::ops
