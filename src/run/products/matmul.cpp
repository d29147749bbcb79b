#include "run/products/matmul.hpp"

#include "run/products/batched_product.hpp"
#include "run/products/product.hpp"

namespace xgrad::run {

namespace {

template <class T>
ProductShape product_shape(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k) {
  return {transpose_a, transpose_b, m, n, k, dtype_of<T>};
}

template <class T>
void matrix_matrix(const ConstArray& a, bool transpose_a, const ConstArray& b, bool transpose_b, const Array& output) {
  const Shape& out = output.shape;
  if (!transpose_a && b.shape.rank() == 2) {
    // One matrix on the right serves the whole batch: its rows are then one tall matrix.
    const std::int64_t rows = out.back() == 0 ? 0 : out.size() / out.back();
    const ProductShape shape = product_shape<T>(false, transpose_b, rows, out.back(), a.shape.back());
    product<T>(shape, product_form(shape), T{1}, a.as<T>(), b.as<T>(), T{0}, output.as<T>());
    return;
  }
  const BatchedProduct batched{
      {{0, a.shape, a.dtype}, transpose_a}, {{0, b.shape, b.dtype}, transpose_b}, out, output.dtype};
  batched.run(a.as<T>(), b.as<T>(), output.as<T>());
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
