#include "run/matmul.hpp"

#include <algorithm>

#include "run/blas.hpp"

namespace xgrad::run {

namespace {

// The batch number of a broadcast operand for the flat batch number of the output.
std::int64_t operand_batch(std::int64_t flat, const Shape& output, const Shape& operand) {
  std::int64_t result = 0;
  std::int64_t step = 1;
  const std::size_t offset = output.rank() - operand.rank();
  for (std::size_t axis = output.rank() - 2; axis-- > 0;) {
    const std::int64_t position = flat % output[axis];
    flat /= output[axis];
    if (axis >= offset) {
      const std::int64_t length = operand[axis - offset];
      result += (length == 1 ? 0 : position) * step;
      step *= length;
    }
  }
  return result;
}

template <class T>
void matrix_matrix(const ConstArray& a, bool transpose_a, const ConstArray& b, bool transpose_b, const Array& output) {
  const Shape& out = output.shape;
  Gemm<T> p;
  p.transpose_a = transpose_a;
  p.transpose_b = transpose_b;
  p.m = out[out.rank() - 2];
  p.n = out.back();
  p.k = a.shape[a.shape.rank() - (transpose_a ? 2 : 1)];
  p.lda = a.shape.back();
  p.ldb = b.shape.back();
  p.ldc = out.back();
  if (p.k == 0) {
    std::fill_n(output.as<T>(), out.size(), T{0});
    return;
  }
  // One matrix on the right serves the whole batch: its rows are then one tall matrix.
  const bool tall = !transpose_a && b.shape.rank() == 2;
  const std::int64_t matrices = p.m * p.n == 0 ? 0 : out.size() / (p.m * p.n);
  if (tall) {
    p.m *= matrices;
  }
  const std::int64_t a_size = p.lda * a.shape[a.shape.rank() - 2];
  const std::int64_t b_size = p.ldb * b.shape[b.shape.rank() - 2];
  const std::int64_t products = tall ? std::min<std::int64_t>(matrices, 1) : matrices;
  for (std::int64_t i = 0; i < products; ++i) {
    p.a = a.as<T>() + (tall ? 0 : operand_batch(i, out, a.shape) * a_size);
    p.b = b.as<T>() + (tall ? 0 : operand_batch(i, out, b.shape) * b_size);
    p.c = output.as<T>() + i * p.m * p.n;
    gemm(p);
  }
}

template <class T>
void matrix_vector(const ConstArray& a, bool transpose_a, const ConstArray& x, const Array& output) {
  const std::size_t rank = a.shape.rank();
  const std::int64_t rows = a.shape[rank - 2];
  const std::int64_t columns = a.shape.back();
  const std::int64_t outputs = transpose_a ? columns : rows;
  if (outputs == 0) {
    return;
  }
  const std::int64_t matrices = output.shape.size() / outputs;
  for (std::int64_t i = 0; i < matrices; ++i) {
    gemv(transpose_a, rows, columns, a.as<T>() + i * rows * columns, x.as<T>(), output.as<T>() + i * outputs);
  }
}

}  // namespace

template <class T>
void matmul(const ConstArray& a, bool transpose_a, const ConstArray& b, bool transpose_b, const Array& output) {
  if (a.shape.rank() == 1) {
    output.as<T>()[0] = dot(a.shape[0], a.as<T>(), b.as<T>());
  } else if (b.shape.rank() == 1) {
    matrix_vector<T>(a, transpose_a, b, output);
  } else {
    matrix_matrix<T>(a, transpose_a, b, transpose_b, output);
  }
}

template <class T>
void outer(const T* u, const T* v, const Shape& shape, T* out) {
  const std::int64_t columns = shape[1];
  for (std::int64_t i = 0; i < shape[0]; ++i, out += columns) {
    const T factor = u[i];
    for (std::int64_t j = 0; j < columns; ++j) {
      out[j] = factor * v[j];
    }
  }
}

template void matmul<float>(const ConstArray&, bool, const ConstArray&, bool, const Array&);
template void matmul<double>(const ConstArray&, bool, const ConstArray&, bool, const Array&);
template void outer<float>(const float*, const float*, const Shape&, float*);
template void outer<double>(const double*, const double*, const Shape&, double*);

}  // namespace xgrad::run
