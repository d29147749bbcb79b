#include "xgrad/nn/dropout.hpp"

#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/math.hpp"
#include "xgrad/scope.hpp"

#include "nn/defined.hpp"

namespace xgrad::nn {

namespace {

double checked_probability(double p) {
  if (!(p >= 0 && p <= 1)) {
    throw ValueError(fmt::format("[Dropout] probability {}; it lies in [0, 1]", p));
  }
  return p;
}

}  // namespace

Dropout::Dropout(double probability, Random& source)
    : p{checked_probability(probability)}, random{source.split().state()} {}

Tensor Dropout::operator()(const Tensor& x) const {
  require_defined("Dropout", "input", x);
  if (!is_floating(x.dtype())) {
    throw DTypeError(fmt::format("[Dropout] of {}; expected float32 or float64", to_string(x.dtype())));
  }
  if (mode == Mode::inference || checked_probability(p) == 0) {
    return x;
  }
  const Scope scope{"Dropout", Scope::Role::layer};
  const Tensor kept = Random{random}.bernoulli(x.shape(), 1 - p, x.dtype()).named("mask");
  return p == 1 ? x * kept : x * (kept * (1 / (1 - p)));
}

}  // namespace xgrad::nn
