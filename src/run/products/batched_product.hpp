#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "run/plan.hpp"
#include "run/products/product.hpp"

namespace xgrad::run {

/// A matrix in memory, as BLAS reads it: stored row by row, or column by column.
struct MatrixLayout {
  bool by_columns = false;
  std::int64_t leading = 1;  ///< elements from one row to the next, or from one column to the next
};

/// That of the last two axes, of rank 2 or more; nothing if BLAS can't read them.
[[nodiscard]] std::optional<MatrixLayout> matrix_layout(const Shape& shape, const Steps& steps) noexcept;

/// An operand of a product of matrices: its last two axes are a matrix, transposed if the flag says so; those before
/// them broadcast with the other operand's. BLAS must be able to read it.
struct Matrices {
  Operand operand;
  bool transpose = false;
};

/// C = op(A) op(B), for each matrix of a batch. Elements of A and B are read where they are. C is contiguous.
class BatchedProduct {
 public:
  BatchedProduct(const Matrices& a, const Matrices& b, const Shape& c, DType dtype);

  /// T is the dtype. `a` and `b` are the first elements of the operands' slots.
  template <class T>
  void run(const T* a, const T* b, T* c) const;

  /// How one of the products is carried out, and how many there are: "12 × gemm".
  [[nodiscard]] std::string describe() const;

 private:
  struct Side {
    std::int64_t offset = 0;
    Steps steps{};  // per axis of the batch
    std::int64_t leading = 1;
    bool dense = true;
  };

  template <class T>
  void multiply(const T* a, const T* b, T* c) const;
  /// Sets `transpose` to whether the matrices are transposed, as they lie in memory.
  static Side side_of(const Matrices& matrices, const Shape& batch, bool& transpose);

  Shape batch_;
  ProductShape shape_;
  Side a_;
  Side b_;
  ProductForm form_;
};

/// A batched product as a step of a plan.
class BatchedProductStep final : public PlanStep {
 public:
  BatchedProductStep(const Matrices& a, const Matrices& b, const Operand& c);

  void run(void* const* slots) override;
  [[nodiscard]] std::string describe() const override { return "matmul: " + product_.describe(); }

 private:
  Slot a_;
  Slot b_;
  Slot c_;
  DType dtype_;
  BatchedProduct product_;
};

}  // namespace xgrad::run
