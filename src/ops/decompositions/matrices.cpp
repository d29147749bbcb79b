#include "ops/decompositions/matrices.hpp"

#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/solve.hpp"

#include "graph/node.hpp"
#include "ops/decompositions/matrix_form.hpp"
#include "ops/rules.hpp"

namespace xgrad::ops {

const MatrixOperation* as_matrix_operation(const Operation& operation) noexcept {
  return dynamic_cast<const MatrixOperation*>(&operation);
}

const Tensor& require_matrix(std::string_view operation, const Tensor& x) {
  static_cast<void>(require_floating(operation, std::span{&require_defined(operation, x), 1}));
  if (x.rank() < 2) {
    throw ShapeError(
        fmt::format("[{}] found {}; expected a matrix, or a batch of matrices", operation, graph::label(x)));
  }
  return x;  // NOLINT(bugprone-return-const-ref-from-parameter): used before the call is over
}

const Tensor& require_square(std::string_view operation, const Tensor& x) {
  if (require_matrix(operation, x).dim(-1) != x.dim(-2)) {
    throw ShapeError(
        fmt::format("[{}] found {}; expected a square matrix, or a batch of them", operation, graph::label(x)));
  }
  return x;  // NOLINT(bugprone-return-const-ref-from-parameter): used before the call is over
}

Shape batch_of_matrices(const Shape& shape) {
  return Shape{std::span{shape.begin(), shape.rank() - 2}};
}

Shape with_matrix(const Shape& batch, std::int64_t rows, std::int64_t columns) {
  const Shape with_rows = batch.inserted(batch.rank(), rows);
  return with_rows.inserted(with_rows.rank(), columns);
}

Shape solution_shape(std::string_view operation, const Tensor& a, const Tensor& b, bool vector) {
  const std::size_t own = vector ? 1 : 2;
  const Shape& right = b.shape();
  if (right.rank() < own) {
    throw ShapeError(fmt::format("[{}] found the right side {}; expected a vector, or a matrix of columns", operation,
                                 graph::label(b)));
  }
  if (right[right.rank() - own] != a.dim(-2)) {
    throw ShapeError(fmt::format("[{}] found the right side {} beside {}; expected {} rows, or one axis for a vector",
                                 operation, graph::label(b), graph::label(a), a.dim(-2)));
  }
  Shape batch;
  if (!broadcast(batch_of_matrices(a.shape()), Shape{std::span{right.begin(), right.rank() - own}}, batch)) {
    throw ShapeError(
        fmt::format("[{}] batch axes don't broadcast: {} and {}", operation, graph::label(a), graph::label(b)));
  }
  return vector ? batch.inserted(batch.rank(), a.dim(-1)) : with_matrix(batch, a.dim(-1), right.back());
}

Tensor times(const Tensor& a, bool transposed, const Tensor& x, bool vector) {
  const Tensor left = transposed ? transpose(a) : a;
  if (!vector || (a.rank() == 2 && x.rank() == 1)) {
    return matmul(left, x);
  }
  return squeeze(matmul(left, expand_dims(x, -1)), -1);
}

Tensor times_transposed(const Tensor& x, const Tensor& y, bool vector) {
  if (!vector) {
    return matmul(x, transpose(y));
  }
  return x.rank() == 1 && y.rank() == 1 ? outer(x, y) : matmul(expand_dims(x, -1), expand_dims(y, -2));
}

Tensor per_matrix(const Tensor& x) {
  return expand_dims(expand_dims(x, -1), -1);
}

Tensor triangle(const Tensor& x, bool lower, double diagonal) {
  return apply(triangle_operation(lower, diagonal), {x});
}

Tensor divided_by_triangle(const Tensor& x, const Tensor& t, bool lower, bool transposed) {
  return transpose(triangular_solve(t, transpose(x), {.lower = lower, .transposed = !transposed}));
}

}  // namespace xgrad::ops
