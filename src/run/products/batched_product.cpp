#include "run/products/batched_product.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <span>
#include <stdexcept>

#include "run/products/blas.hpp"

namespace xgrad::run {

namespace {

Shape batch_of(const Shape& shape) {
  return Shape{std::span{shape.begin(), shape.rank() - 2}};
}

}  // namespace

std::optional<MatrixLayout> matrix_layout(const Shape& shape, const Steps& steps) noexcept {
  const std::size_t rank = shape.rank();
  const std::int64_t rows = shape[rank - 2];
  const std::int64_t columns = shape[rank - 1];
  const std::int64_t row = steps[rank - 2];
  const std::int64_t column = steps[rank - 1];
  if (rows == 0 || columns == 0) {  // nothing is read
    return MatrixLayout{false, std::max<std::int64_t>(columns, 1)};
  }
  if ((columns == 1 || column == 1) && (rows == 1 || row >= columns)) {
    return MatrixLayout{false, rows == 1 ? columns : row};
  }
  if ((rows == 1 || row == 1) && (columns == 1 || column >= rows)) {
    return MatrixLayout{true, columns == 1 ? rows : column};
  }
  return std::nullopt;
}

BatchedProduct::Side BatchedProduct::side_of(const Matrices& matrices, const Shape& batch, bool& transpose) {
  const Shape& shape = matrices.operand.shape;
  const Steps steps = matrices.operand.steps();
  const auto layout = matrix_layout(shape, steps);
  if (!layout) {
    throw std::logic_error("a matrix that BLAS can't read where it is");
  }
  transpose = matrices.transpose != layout->by_columns;
  Side side;
  side.offset = matrices.operand.layout ? matrices.operand.layout->offset : 0;
  side.leading = layout->leading;
  side.dense =
      layout->leading == std::max<std::int64_t>(layout->by_columns ? shape[shape.rank() - 2] : shape.back(), 1);
  const std::size_t own = shape.rank() - 2;
  for (std::size_t axis = 0; axis < own; ++axis) {
    side.steps[batch.rank() - own + axis] = shape[axis] == 1 ? 0 : steps[axis];
  }
  return side;
}

BatchedProduct::BatchedProduct(const Matrices& a, const Matrices& b, const Shape& c, DType dtype)
    : batch_{batch_of(c)}, a_{side_of(a, batch_, shape_.transpose_a)}, b_{side_of(b, batch_, shape_.transpose_b)} {
  const Shape& left = a.operand.shape;
  shape_.m = c[c.rank() - 2];
  shape_.n = c.back();
  shape_.k = left[left.rank() - (a.transpose ? 2 : 1)];
  shape_.dtype = dtype;
  if (a_.dense && b_.dense) {
    form_ = product_form(shape_);
  }
}

template <class T>
void BatchedProduct::multiply(const T* a, const T* b, T* c) const {
  if (a_.dense && b_.dense) {
    product<T>(shape_, form_, T{1}, a, b, T{0}, c);
  } else if (shape_.k == 0) {
    std::fill_n(c, shape_.m * shape_.n, T{0});
  } else {
    gemm<T>({shape_.transpose_a, shape_.transpose_b, shape_.m, shape_.n, shape_.k, T{1}, a, a_.leading, b, b_.leading,
             T{0}, c, shape_.n});
  }
}

template <class T>
void BatchedProduct::run(const T* a, const T* b, T* c) const {
  const std::int64_t matrices = shape_.m * shape_.n == 0 ? 0 : batch_.size();
  Steps position{};
  std::int64_t from_a = a_.offset;
  std::int64_t from_b = b_.offset;
  for (std::int64_t i = 0; i < matrices; ++i) {
    multiply(a + from_a, b + from_b, c + i * shape_.m * shape_.n);
    for (std::size_t axis = batch_.rank(); axis-- > 0;) {
      from_a += a_.steps[axis];
      from_b += b_.steps[axis];
      if (++position[axis] < batch_[axis]) {
        break;
      }
      from_a -= a_.steps[axis] * batch_[axis];
      from_b -= b_.steps[axis] * batch_[axis];
      position[axis] = 0;
    }
  }
}

std::string BatchedProduct::describe() const {
  return fmt::format("{} × {}", batch_.size(), to_string(form_));
}

template void BatchedProduct::run<float>(const float*, const float*, float*) const;
template void BatchedProduct::run<double>(const double*, const double*, double*) const;

BatchedProductStep::BatchedProductStep(const Matrices& a, const Matrices& b, const Operand& c)
    : a_{a.operand.slot}, b_{b.operand.slot}, c_{c.slot}, dtype_{c.dtype}, product_{a, b, c.shape, c.dtype} {}

void BatchedProductStep::run(void* const* slots) {
  if (dtype_ == float32) {
    product_.run(static_cast<const float*>(slots[a_]), static_cast<const float*>(slots[b_]),
                 static_cast<float*>(slots[c_]));
  } else {
    product_.run(static_cast<const double*>(slots[a_]), static_cast<const double*>(slots[b_]),
                 static_cast<double*>(slots[c_]));
  }
}

}  // namespace xgrad::run
