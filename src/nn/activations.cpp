#include "xgrad/nn/activations.hpp"

#include <cmath>
#include <fmt/format.h>

#include "xgrad/activations.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"
#include "xgrad/scope.hpp"

#include "nn/defined.hpp"

namespace xgrad::nn {

namespace {

constexpr auto activation = Scope::Role::activation;

// Of an option of a layer.
double finite(const char* layer, const char* option, double value) {
  if (!std::isfinite(value)) {
    throw ValueError(fmt::format("[{}] found {} = {}; expected a finite number", layer, option, value));
  }
  return value;
}

double positive(const char* layer, const char* option, double value) {
  if (!(value > 0) || std::isinf(value)) {
    throw ValueError(fmt::format("[{}] found {} = {}; expected a positive number", layer, option, value));
  }
  return value;
}

double at_least_zero(const char* layer, const char* option, double value) {
  if (!(value >= 0) || std::isinf(value)) {
    throw ValueError(fmt::format("[{}] found {} = {}; expected a finite number, 0 or larger", layer, option, value));
  }
  return value;
}

}  // namespace

Tensor GELU::operator()(const Tensor& x) const {
  const Scope scope{"GELU", activation};
  return approximate ? gelu_tanh(x) : gelu(x);
}

Tensor SiLU::operator()(const Tensor& x) const {
  const Scope scope{"SiLU", activation};
  return silu(x);
}

Tensor Mish::operator()(const Tensor& x) const {
  const Scope scope{"Mish", activation};
  return mish(x);
}

Tensor Softsign::operator()(const Tensor& x) const {
  const Scope scope{"Softsign", activation};
  return softsign(x);
}

Tensor Tanhshrink::operator()(const Tensor& x) const {
  const Scope scope{"Tanhshrink", activation};
  return tanhshrink(x);
}

Tensor LogSigmoid::operator()(const Tensor& x) const {
  const Scope scope{"LogSigmoid", activation};
  return log_sigmoid(x);
}

Softplus::Softplus(double sharpness) : beta{positive("Softplus", "beta", sharpness)} {}

Tensor Softplus::operator()(const Tensor& x) const {
  const Scope scope{"Softplus", activation};
  if (positive("Softplus", "beta", beta) == 1) {
    return softplus(x);
  }
  return softplus(x * beta) / beta;
}

ELU::ELU(double scale) : alpha{at_least_zero("ELU", "alpha", scale)} {}

Tensor ELU::operator()(const Tensor& x) const {
  const Scope scope{"ELU", activation};
  return elu(x, at_least_zero("ELU", "alpha", alpha));
}

Tensor SELU::operator()(const Tensor& x) const {
  const Scope scope{"SELU", activation};
  return selu(x);
}

CELU::CELU(double scale) : alpha{positive("CELU", "alpha", scale)} {}

Tensor CELU::operator()(const Tensor& x) const {
  const Scope scope{"CELU", activation};
  return celu(x, positive("CELU", "alpha", alpha));
}

LeakyReLU::LeakyReLU(double below) : slope{finite("LeakyReLU", "slope", below)} {}

Tensor LeakyReLU::operator()(const Tensor& x) const {
  const Scope scope{"LeakyReLU", activation};
  return leaky_relu(x, finite("LeakyReLU", "slope", slope));
}

PReLU::PReLU(std::int64_t count, const PReLUOptions& options) {
  if (count <= 0) {
    throw ValueError(fmt::format("[PReLU] of {} slopes; expected one or more", count));
  }
  if (!is_floating(options.dtype)) {
    throw DTypeError(fmt::format("[PReLU] of {}; expected float32 or float64", to_string(options.dtype)));
  }
  weight = Parameter{full({count}, finite("PReLU", "initial", options.initial), options.dtype), "weight"};
}

Tensor PReLU::operator()(const Tensor& x) const {
  const Scope scope{"PReLU", activation};
  require_defined("PReLU", "input", x);
  const std::int64_t count = weight.shape().size();
  if (count != 1 && (x.rank() < 2 || x.dim(1) != count)) {
    throw ShapeError(fmt::format("[PReLU] takes (N, {}, …), not {}", count, to_string(x.shape())));
  }
  return prelu(x, weight);
}

Tensor ReLU6::operator()(const Tensor& x) const {
  const Scope scope{"ReLU6", activation};
  return relu6(x);
}

Hardtanh::Hardtanh(double lowest, double highest) : low{lowest}, high{highest} {
  if (!(low < high)) {
    throw ValueError(fmt::format("[Hardtanh] found low = {}, high = {}; expected low < high", low, high));
  }
}

Tensor Hardtanh::operator()(const Tensor& x) const {
  const Scope scope{"Hardtanh", activation};
  return hardtanh(x, low, high);
}

Tensor Hardsigmoid::operator()(const Tensor& x) const {
  const Scope scope{"Hardsigmoid", activation};
  return hardsigmoid(x);
}

Tensor Hardswish::operator()(const Tensor& x) const {
  const Scope scope{"Hardswish", activation};
  return hardswish(x);
}

Hardshrink::Hardshrink(double threshold) : lambda{at_least_zero("Hardshrink", "lambda", threshold)} {}

Tensor Hardshrink::operator()(const Tensor& x) const {
  const Scope scope{"Hardshrink", activation};
  return hardshrink(x, at_least_zero("Hardshrink", "lambda", lambda));
}

Softshrink::Softshrink(double threshold) : lambda{at_least_zero("Softshrink", "lambda", threshold)} {}

Tensor Softshrink::operator()(const Tensor& x) const {
  const Scope scope{"Softshrink", activation};
  return softshrink(x, at_least_zero("Softshrink", "lambda", lambda));
}

Tensor Softmin::operator()(const Tensor& x) const {
  const Scope scope{"Softmin", activation};
  return softmin(x, axis);
}

Tensor LogSoftmax::operator()(const Tensor& x) const {
  const Scope scope{"LogSoftmax", activation};
  return log_softmax(x, axis);
}

Tensor GLU::operator()(const Tensor& x) const {
  const Scope scope{"GLU", activation};
  return glu(x, axis);
}

Tensor SwiGLU::operator()(const Tensor& x) const {
  const Scope scope{"SwiGLU", activation};
  return swiglu(x, axis);
}

}  // namespace xgrad::nn
