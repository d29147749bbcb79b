#include "xgrad/nn/dropout.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <vector>

#include "xgrad/error.hpp"
#include "xgrad/math.hpp"
#include "xgrad/scope.hpp"

#include "nn/defined.hpp"

namespace xgrad::nn {

namespace {

double checked_probability(double p, const char* layer = "Dropout") {
  if (!(p >= 0 && p <= 1)) {
    throw ValueError(fmt::format("[{}] probability {}; it lies in [0, 1]", layer, p));
  }
  return p;
}

void require_floating(const char* layer, const Tensor& x) {
  require_defined(layer, "input", x);
  if (!is_floating(x.dtype())) {
    throw DTypeError(fmt::format("[{}] of {}; expected float32 or float64", layer, to_string(x.dtype())));
  }
}

}  // namespace

Dropout::Dropout(double probability, Random& source)
    : p{checked_probability(probability)}, random{source.split().state()} {}

Tensor Dropout::operator()(const Tensor& x) const {
  require_floating("Dropout", x);
  if (mode == Mode::inference || checked_probability(p) == 0) {
    return x;
  }
  const Scope scope{"Dropout", Scope::Role::layer};
  const Tensor kept = Random{random}.bernoulli(x.shape(), 1 - p, x.dtype()).named("mask");
  return p == 1 ? x * kept : x * (kept * (1 / (1 - p)));
}

namespace {

// x m / (1 − p) with an m of this shape, which broadcasts to x's.
Tensor dropped(const Tensor& x, const Shape& shape, double p, const State& random) {
  const Tensor kept = Random{random}.bernoulli(shape, 1 - p, x.dtype()).named("mask");
  return p == 1 ? x * kept : x * (kept * (1 / (1 - p)));
}

// The first `kept` lengths of x's, then 1.
Shape leading(const Tensor& x, std::size_t kept) {
  std::vector<std::int64_t> lengths(x.rank(), 1);
  std::copy_n(x.shape().begin(), kept, lengths.begin());
  return Shape{lengths};
}

void require_rank(const char* layer, const Tensor& x, std::size_t rank, const char* expected) {
  require_defined(layer, "input", x);
  if (x.rank() != rank) {
    throw ShapeError(fmt::format("[{}] takes {}, not {}", layer, expected, to_string(x.shape())));
  }
}

}  // namespace

DropoutChannel::DropoutChannel(double probability, Random& source)
    : p{checked_probability(probability, "DropoutChannel")}, random{source.split().state()} {}

Tensor DropoutChannel::operator()(const Tensor& x) const {
  require_floating("DropoutChannel", x);
  if (x.rank() < 3) {
    throw ShapeError(
        fmt::format("[DropoutChannel] takes (N, C, …) with an axis after the channels, not {}", to_string(x.shape())));
  }
  if (mode == Mode::inference || checked_probability(p, "DropoutChannel") == 0) {
    return x;
  }
  const Scope scope{"DropoutChannel", Scope::Role::layer};
  return dropped(x, leading(x, 2), p, random);
}

Tensor Dropout1d::operator()(const Tensor& x) const {
  require_rank("Dropout1d", x, 3, "(N, C, L)");
  return DropoutChannel::operator()(x);
}

Tensor Dropout2d::operator()(const Tensor& x) const {
  require_rank("Dropout2d", x, 4, "(N, C, H, W)");
  return DropoutChannel::operator()(x);
}

Tensor Dropout3d::operator()(const Tensor& x) const {
  require_rank("Dropout3d", x, 5, "(N, C, D, H, W)");
  return DropoutChannel::operator()(x);
}

namespace {

double checked_below_one(double p) {
  if (!(p >= 0 && p < 1)) {
    throw ValueError(fmt::format("[AlphaDropout] probability {}; it lies in [0, 1)", p));
  }
  return p;
}

}  // namespace

AlphaDropout::AlphaDropout(double probability, Random& source)
    : p{checked_below_one(probability)}, random{source.split().state()} {}

Tensor AlphaDropout::operator()(const Tensor& x) const {
  require_floating("AlphaDropout", x);
  if (mode == Mode::inference || checked_below_one(p) == 0) {
    return x;
  }
  const Scope scope{"AlphaDropout", Scope::Role::layer};
  constexpr double alpha = 1.6732632423543772;
  constexpr double lambda = 1.0507009873554805;
  constexpr double limit = -lambda * alpha;
  const double a = 1 / std::sqrt((1 - p) * (1 + p * limit * limit));
  const double b = -a * p * limit;
  const Tensor kept = Random{random}.bernoulli(x.shape(), 1 - p).named("mask");
  return where(kept, x * a + b, a * limit + b);
}

StochasticDepth::StochasticDepth(double probability, Random& source, Drops what)
    : p{checked_probability(probability, "StochasticDepth")}, drops{what}, random{source.split().state()} {}

Tensor StochasticDepth::operator()(const Tensor& x) const {
  require_floating("StochasticDepth", x);
  if (drops == Drops::samples && x.rank() == 0) {
    throw ShapeError("[StochasticDepth] takes (N, …), not a scalar");
  }
  if (mode == Mode::inference || checked_probability(p, "StochasticDepth") == 0) {
    return x;
  }
  const Scope scope{"StochasticDepth", Scope::Role::layer};
  return dropped(x, drops == Drops::samples ? leading(x, 1) : Shape{}, p, random);
}

}  // namespace xgrad::nn
