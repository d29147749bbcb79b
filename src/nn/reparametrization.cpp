#include "xgrad/nn/reparametrization.hpp"

#include <cmath>
#include <fmt/format.h>
#include <vector>

#include "xgrad/error.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"
#include "xgrad/scope.hpp"

#include "nn/defined.hpp"

namespace xgrad::nn {

Tensor Reweighted<Dense>::call(const Dense& layer, const Tensor& weight, const Tensor& x) {
  const Scope scope{"Dense", Scope::Role::layer};
  require_defined("Dense", "input", x);
  const Shape& shape = weight.shape();
  if (x.rank() == 0 || x.dim(-1) != shape[1]) {
    throw ShapeError(
        fmt::format("[Dense] takes (…, {}) with W {}, not {}", shape[1], to_string(shape), to_string(x.shape())));
  }
  const Tensor z = x.rank() == 1 ? matmul(weight, x) : matmul(x, transpose(weight));
  return layer.b.defined() ? z + layer.b : z;
}

namespace {

// All but the outputs'.
Axes input_axes(const Tensor& weight) {
  std::vector<std::int64_t> axes;
  for (std::size_t axis = 1; axis < weight.rank(); ++axis) {
    axes.push_back(static_cast<std::int64_t>(axis));
  }
  return Axes{axes};
}

Tensor unit(const Tensor& x, double epsilon) {
  return x / maximum(norm(x), epsilon);
}

}  // namespace

Tensor detail::norms_of_outputs(const Tensor& v) {
  if (v.rank() < 2) {
    throw ShapeError(fmt::format("[WeightNorm] of a weight {}; expected (out, in, …)", to_string(v.shape())));
  }
  return norm(v, input_axes(v), true);
}

Tensor detail::weight_from_norm(const Tensor& g, const Tensor& v) {
  const Tensor norms = norms_of_outputs(v);
  if (g.shape() != norms.shape()) {
    throw ShapeError(fmt::format("[WeightNorm] g of a weight {} is {}, not {}", to_string(v.shape()),
                                 to_string(norms.shape()), to_string(g.shape())));
  }
  return v * (g / norms);
}

Tensor detail::divided_by_spectral_norm(const Tensor& weight, const State& u, const State& v, int iterations,
                                        double epsilon) {
  const Tensor matrix = reshape(weight, {weight.dim(0), weight.size() / weight.dim(0)});
  Tensor left = u;
  Tensor right = v;
  if (iterations > 0) {
    const Tensor fixed = stop_gradient(matrix);
    for (int i = 0; i < iterations; ++i) {
      right = unit(matmul(transpose(fixed), left), epsilon).named("v");
      left = unit(matmul(fixed, right), epsilon).named("u");
    }
    u.set(left);
    v.set(right);
  }
  return weight / dot(stop_gradient(left), matmul(matrix, stop_gradient(right))).named("σ");
}

State detail::unit_vector(std::int64_t length, DType dtype, Random& random, const char* name) {
  return State{unit(random.normal({length}, 0, 1, dtype), 1e-12), name};
}

void detail::require_spectral_options(int iterations, double epsilon) {
  if (iterations < 1) {
    throw ValueError(fmt::format("[SpectralNorm] {} iterations; expected one or more", iterations));
  }
  if (!(epsilon > 0) || !std::isfinite(epsilon)) {
    throw ValueError(fmt::format("[SpectralNorm] epsilon {}; expected a positive number", epsilon));
  }
}

}  // namespace xgrad::nn
