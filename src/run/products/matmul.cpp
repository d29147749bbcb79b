#include "run/products/matmul.hpp"

#include "run/products/product.hpp"

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
ProductShape product_shape(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k) {
  return {transpose_a, transpose_b, m, n, k, dtype_of<T>};
}

template <class T>
void matrix_matrix(const ConstArray& a, bool transpose_a, const ConstArray& b, bool transpose_b, const Array& output) {
  const Shape& out = output.shape;
  const std::size_t rank = a.shape.rank();
  ProductShape shape = product_shape<T>(transpose_a, transpose_b, out[out.rank() - 2], out.back(),
                                        a.shape[rank - (transpose_a ? 2 : 1)]);
  // One matrix on the right serves the whole batch: its rows are then one tall matrix.
  const bool tall = !transpose_a && b.shape.rank() == 2;
  std::int64_t matrices = shape.m * shape.n == 0 ? 0 : out.size() / (shape.m * shape.n);
  if (tall && matrices > 0) {
    shape.m *= matrices;
    matrices = 1;
  }
  const std::int64_t a_size = shape.m * shape.k;
  const std::int64_t b_size = shape.k * shape.n;
  const ProductForm form = product_form(shape);
  for (std::int64_t i = 0; i < matrices; ++i) {
    const T* left = a.as<T>() + (tall ? 0 : operand_batch(i, out, a.shape) * a_size);
    const T* right = b.as<T>() + (tall ? 0 : operand_batch(i, out, b.shape) * b_size);
    product<T>(shape, form, T{1}, left, right, T{0}, output.as<T>() + i * shape.m * shape.n);
  }
}

template <class T>
void matrix_vector(const ConstArray& a, bool transpose_a, const ConstArray& x, const Array& output) {
  const std::size_t rank = a.shape.rank();
  const std::int64_t inner = x.shape[0];
  std::int64_t outputs = a.shape[rank - (transpose_a ? 1 : 2)];
  std::int64_t matrices = outputs == 0 ? 0 : output.shape.size() / outputs;
  if (!transpose_a && matrices > 0) {  // as above
    outputs *= matrices;
    matrices = 1;
  }
  const ProductShape shape = product_shape<T>(transpose_a, false, outputs, 1, inner);
  const ProductForm form = product_form(shape);
  for (std::int64_t i = 0; i < matrices; ++i) {
    product<T>(shape, form, T{1}, a.as<T>() + i * outputs * inner, x.as<T>(), T{0}, output.as<T>() + i * outputs);
  }
}

}  // namespace

template <class T>
void matmul(const ConstArray& a, bool transpose_a, const ConstArray& b, bool transpose_b, const Array& output) {
  if (a.shape.rank() == 1) {
    const ProductShape shape = product_shape<T>(false, false, 1, 1, a.shape[0]);
    product<T>(shape, product_form(shape), T{1}, a.as<T>(), b.as<T>(), T{0}, output.as<T>());
  } else if (b.shape.rank() == 1) {
    matrix_vector<T>(a, transpose_a, b, output);
  } else {
    matrix_matrix<T>(a, transpose_a, b, transpose_b, output);
  }
}

template <class T>
void outer(const T* u, const T* v, const Shape& shape, T* out) {
  const ProductShape product_of = product_shape<T>(false, false, shape[0], shape[1], 1);
  product<T>(product_of, product_form(product_of), T{1}, u, v, T{0}, out);
}

template void matmul<float>(const ConstArray&, bool, const ConstArray&, bool, const Array&);
template void matmul<double>(const ConstArray&, bool, const ConstArray&, bool, const Array&);
template void outer<float>(const float*, const float*, const Shape&, float*);
template void outer<double>(const double*, const double*, const Shape&, double*);

}  // namespace xgrad::run
