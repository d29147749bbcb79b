// The document's formulas by hand, on xtensor. A sample is a column, as in the document; several samples stand beside
// each other as the columns of one matrix. With L the last layer and ⊙ element-wise:
//   forward   z^l = W^l a^(l-1) + b^l        a^l = σ(z^l)        Loss = ½ Σ (a^L − y)²
//   BP1       δ^L = (a^L − y) ⊙ σ′(z^L)
//   BP2       δ^l = (W^(l+1)ᵀ δ^(l+1)) ⊙ σ′(z^l)
//   BP3       ∂Loss/∂b^l = Σ_samples δ^l
//   BP4       ∂Loss/∂W^l = δ^l a^(l-1)ᵀ       the product adds up the samples
#include <algorithm>
#include <cstddef>
#include <fmt/format.h>
#include <span>
#include <string>
#include <vector>
#include <xtensor-blas/xlinalg.hpp>
#include <xtensor/xmanipulation.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>

#include "xgrad/check.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"

namespace xgrad::check {
namespace {

template <class T>
using Matrix = xt::xtensor<T, 2>;

std::string layer_name(const char* letter, std::size_t layer) {
  return fmt::format("{}{}", letter, layer + 1);
}

void require_shape(const std::string& name, const Tensor& tensor, const Shape& expected) {
  if (tensor.shape() != expected) {
    throw ShapeError(fmt::format("[document_gradients] {} has shape {}, expected {}", name, to_string(tensor.shape()),
                                 to_string(expected)));
  }
}

void require_dtype(const std::string& name, const Tensor& tensor, DType dtype) {
  if (tensor.dtype() != dtype) {
    throw DTypeError(
        fmt::format("[document_gradients] {} is {}, but W1 is {}", name, to_string(tensor.dtype()), to_string(dtype)));
  }
}

/// Throws unless everything fits together as document_gradients documents.
void require_network(std::span<const Tensor> weights, std::span<const Tensor> biases, const Tensor& x,
                     const Tensor& y) {
  if (weights.empty()) {
    throw ValueError("[document_gradients] no layers: at least one weight and one bias are needed");
  }
  if (weights.size() != biases.size()) {
    throw ShapeError(fmt::format("[document_gradients] {} weights but {} biases: expected one bias per weight",
                                 weights.size(), biases.size()));
  }
  const DType dtype = weights[0].dtype();
  if (!is_floating(dtype)) {
    throw DTypeError(fmt::format("[document_gradients] W1 is {}, expected float32 or float64", to_string(dtype)));
  }
  if (x.rank() != 1 && x.rank() != 2) {
    throw ShapeError(
        fmt::format("[document_gradients] x has shape {}, expected (in) or (samples, in)", to_string(x.shape())));
  }
  require_dtype("x", x, dtype);
  require_dtype("y", y, dtype);
  std::int64_t width = x.shape().back();
  for (std::size_t l = 0; l < weights.size(); ++l) {
    const std::string name = layer_name("W", l);
    if (weights[l].rank() != 2) {
      throw ShapeError(
          fmt::format("[document_gradients] {} has shape {}, expected (out, in)", name, to_string(weights[l].shape())));
    }
    const std::int64_t out = weights[l].shape()[0];
    if (out == 0 || width == 0) {
      throw ShapeError(
          fmt::format("[document_gradients] {} has shape {}: a layer needs at least one input and one output", name,
                      to_string(weights[l].shape())));
    }
    require_shape(name, weights[l], Shape{out, width});
    require_shape(layer_name("b", l), biases[l], Shape{out});
    require_dtype(name, weights[l], dtype);
    require_dtype(layer_name("b", l), biases[l], dtype);
    width = out;
  }
  require_shape("y", y, x.rank() == 1 ? Shape{width} : Shape{x.shape()[0], width});
}

/// A matrix as it is; a vector as one row.
template <class T>
Matrix<T> read_rows(const Tensor& tensor) {
  const Shape& shape = tensor.shape();
  const auto columns = static_cast<std::size_t>(shape.back());
  const auto rows = shape.rank() == 2 ? static_cast<std::size_t>(shape[0]) : std::size_t{1};
  Matrix<T> result = Matrix<T>::from_shape({rows, columns});
  const std::span<const T> values = tensor.data<T>();
  std::copy(values.begin(), values.end(), result.data());
  return result;
}

/// With samples as columns: (in) → (in, 1), (samples, in) → (in, samples).
template <class T>
Matrix<T> read_columns(const Tensor& tensor) {
  return xt::transpose(read_rows<T>(tensor));
}

template <class T>
Tensor write(const Matrix<T>& matrix, const Shape& shape) {
  return from_data(std::span<const T>{matrix.data(), matrix.size()}, shape);
}

template <class T>
Matrix<T> product(const Matrix<T>& a, const Matrix<T>& b) {
  return xt::linalg::dot(a, b);
}

template <class T>
Matrix<T> transposed(const Matrix<T>& a) {
  return xt::transpose(a);
}

template <class T>
Matrix<T> sigmoid(const Matrix<T>& z) {
  return T{1} / (T{1} + xt::exp(-z));
}

template <class T>
Matrix<T> sigmoid_prime(const Matrix<T>& z) {
  const Matrix<T> a = sigmoid(z);
  return a * (T{1} - a);
}

template <class T>
ManualGradients formulas(std::span<const Tensor> weights, std::span<const Tensor> biases, const Tensor& x,
                         const Tensor& y) {
  const std::size_t depth = weights.size();
  std::vector<Matrix<T>> W(depth);
  std::vector<Matrix<T>> b(depth);
  for (std::size_t l = 0; l < depth; ++l) {
    W[l] = read_rows<T>(weights[l]);
    b[l] = read_columns<T>(biases[l]);
  }
  std::vector<Matrix<T>> a{read_columns<T>(x)};
  const Matrix<T> target = read_columns<T>(y);

  std::vector<Matrix<T>> z(depth);
  for (std::size_t l = 0; l < depth; ++l) {
    z[l] = product(W[l], a[l]) + b[l];
    a.push_back(sigmoid(z[l]));
  }
  const Matrix<T> residual = a[depth] - target;

  std::vector<Matrix<T>> delta(depth);
  delta[depth - 1] = residual * sigmoid_prime(z[depth - 1]);
  for (std::size_t l = depth - 1; l-- > 0;) {
    delta[l] = product(transposed(W[l + 1]), delta[l + 1]) * sigmoid_prime(z[l]);
  }

  ManualGradients result;
  const xt::xtensor<double, 2> squares = xt::square(xt::cast<double>(residual));
  result.loss = 0.5 * xt::sum(squares, xt::evaluation_strategy::immediate)();
  for (std::size_t l = 0; l < depth; ++l) {
    const std::int64_t out = weights[l].shape()[0];
    const Matrix<T> db = xt::sum(delta[l], {1}, xt::keep_dims | xt::evaluation_strategy::immediate);
    const Matrix<T> dW = product(delta[l], transposed(a[l]));
    result.delta.push_back(write(transposed(delta[l]), x.rank() == 1 ? Shape{out} : Shape{x.shape()[0], out}));
    result.dW.push_back(write(dW, weights[l].shape()));
    result.db.push_back(write(db, biases[l].shape()));
  }
  return result;
}

/// The sums over no samples.
ManualGradients no_samples(std::span<const Tensor> weights, std::span<const Tensor> biases) {
  ManualGradients result;
  for (std::size_t l = 0; l < weights.size(); ++l) {
    result.delta.push_back(zeros(Shape{0, weights[l].shape()[0]}, weights[l].dtype()));
    result.dW.push_back(zeros(weights[l].shape(), weights[l].dtype()));
    result.db.push_back(zeros(biases[l].shape(), biases[l].dtype()));
  }
  return result;
}

}  // namespace

ManualGradients document_gradients(std::span<const Tensor> weights, std::span<const Tensor> biases, const Tensor& x,
                                   const Tensor& y) {
  require_network(weights, biases, x, y);
  if (x.size() == 0) {
    return no_samples(weights, biases);
  }
  return x.dtype() == float64 ? formulas<double>(weights, biases, x, y) : formulas<float>(weights, biases, x, y);
}

}  // namespace xgrad::check
