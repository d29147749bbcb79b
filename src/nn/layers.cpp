#include "xgrad/nn/layers.hpp"

#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"
#include "xgrad/scope.hpp"

#include "nn/defined.hpp"

namespace xgrad::nn {

namespace {

Tensor initial(const Initializer& initializer, const char* what, const Shape& shape, DType dtype, Random& random) {
  if (!initializer) {
    throw ValueError(fmt::format("[Dense] the {} has an empty initializer", what));
  }
  Tensor value = initializer(shape, dtype, random);
  if (!value.defined()) {
    throw ValueError(
        fmt::format("[Dense] the initializer of the {} {} gave an undefined Tensor", what, to_string(shape)));
  }
  if (value.shape() != shape) {
    throw ShapeError(
        fmt::format("[Dense] the {} is {}, its initializer gave {}", what, to_string(shape), to_string(value.shape())));
  }
  if (value.dtype() != dtype) {
    throw DTypeError(
        fmt::format("[Dense] the {} is {}, its initializer gave {}", what, to_string(dtype), to_string(value.dtype())));
  }
  return value;
}

void require_fitting(const Tensor& weight, const Tensor& bias) {
  require_defined("Dense", "weight", weight);
  if (weight.rank() != 2) {
    throw ShapeError(fmt::format("[Dense] the weight is (out, in), not {}", to_string(weight.shape())));
  }
  if (bias.defined() && bias.shape() != Shape{weight.dim(0)}) {
    throw ShapeError(fmt::format("[Dense] the bias of a weight {} is ({},), not {}", to_string(weight.shape()),
                                 weight.dim(0), to_string(bias.shape())));
  }
  if (bias.defined() && bias.dtype() != weight.dtype()) {
    throw DTypeError(
        fmt::format("[Dense] the weight is {}, the bias {}", to_string(weight.dtype()), to_string(bias.dtype())));
  }
}

}  // namespace

Dense::Dense(std::int64_t in, std::int64_t out, Random& random, const DenseOptions& options) {
  if (in <= 0 || out <= 0) {
    throw ValueError(fmt::format("[Dense] from {} to {} features; both must be positive", in, out));
  }
  W = Parameter{initial(options.weight, "weight", Shape{out, in}, options.dtype, random), "W"};
  if (options.use_bias) {
    b = Parameter{initial(options.bias, "bias", Shape{out}, options.dtype, random), "b"};
  }
}

Dense::Dense(const Tensor& weight, const Tensor& bias) {
  require_fitting(weight, bias);
  W = Parameter{weight, "W"};
  if (bias.defined()) {
    b = Parameter{bias, "b"};
  }
}

Dense::Dense(const Parameter& weight, const Parameter& bias) : W{weight}, b{bias} {
  require_fitting(weight.value(), bias.defined() ? bias.value() : Tensor{});
}

Tensor Dense::operator()(const Tensor& x) const {
  const Scope scope{"Dense", Scope::Role::layer};
  require_defined("Dense", "input", x);
  const Shape& weight = W.shape();
  if (x.rank() == 0 || x.dim(-1) != weight[1]) {
    throw ShapeError(
        fmt::format("[Dense] takes (…, {}) with W {}, not {}", weight[1], to_string(weight), to_string(x.shape())));
  }
  const Tensor z = x.rank() == 1 ? matmul(W, x) : matmul(x, transpose(W));
  return b.defined() ? z + b : z;
}

std::vector<NamedParameter> Dense::parameters() const {
  std::vector<NamedParameter> result{{"W", W}};
  if (b.defined()) {
    result.push_back({"b", b});
  }
  return result;
}

void Dense::replace_parameters(const std::function<Parameter(const Parameter&)>& replacement) {
  W = replacement(W);
  if (b.defined()) {
    b = replacement(b);
  }
}

Tensor Sigmoid::operator()(const Tensor& x) const {
  const Scope scope{"Sigmoid", Scope::Role::activation};
  return sigmoid(x);
}

Tensor Tanh::operator()(const Tensor& x) const {
  const Scope scope{"Tanh", Scope::Role::activation};
  return tanh(x);
}

Tensor ReLU::operator()(const Tensor& x) const {
  const Scope scope{"ReLU", Scope::Role::activation};
  return relu(x);
}

Tensor Softmax::operator()(const Tensor& x) const {
  const Scope scope{"Softmax", Scope::Role::activation};
  return softmax(x, -1);
}

}  // namespace xgrad::nn
