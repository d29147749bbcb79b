#include "xgrad/nn/reparametrization.hpp"

#include <cmath>
#include <fmt/format.h>
#include <vector>

#include "xgrad/arrays.hpp"
#include "xgrad/error.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"
#include "xgrad/scope.hpp"

#include "nn/reweighted.hpp"

namespace xgrad::nn {

Tensor Reweighted<Dense>::call(const Dense& layer, const Tensor& other, const Tensor& x) {
  const Scope scope{"Dense", Scope::Role::layer};
  require_weight_like("Dense", layer.W, other);
  require_defined("Dense", "input", x);
  const Shape& shape = other.shape();
  if (x.rank() == 0 || x.dim(-1) != shape[1]) {
    throw ShapeError(
        fmt::format("[Dense] takes (…, {}) with W {}, not {}", shape[1], to_string(shape), to_string(x.shape())));
  }
  const Tensor z = x.rank() == 1 ? matmul(other, x) : matmul(x, transpose(other));
  return layer.b.defined() ? z + layer.b : z;
}

namespace {

void require_matrix_like(const char* layer, const Tensor& weight, std::int64_t axis) {
  if (weight.rank() < 2 || axis < 0 || axis >= static_cast<std::int64_t>(weight.rank())) {
    throw ShapeError(fmt::format("[{}] of a weight {} along axis {}; expected two axes or more, and one of these",
                                 layer, to_string(weight.shape()), axis));
  }
}

Tensor unit(const Tensor& x, double epsilon) {
  return x / maximum(norm(x), epsilon);
}

}  // namespace

Tensor detail::norms_along(const Tensor& v, std::int64_t axis) {
  require_matrix_like("WeightNorm", v, axis);
  std::vector<std::int64_t> others;
  for (std::int64_t other = 0; other < static_cast<std::int64_t>(v.rank()); ++other) {
    if (other != axis) {
      others.push_back(other);
    }
  }
  return norm(v, Axes{others}, true);
}

Tensor detail::weight_from_norm(const Tensor& g, const Tensor& v, std::int64_t axis) {
  const Tensor norms = norms_along(v, axis);
  if (g.shape() != norms.shape()) {
    throw ShapeError(fmt::format("[WeightNorm] g of a weight {} is {}, not {}", to_string(v.shape()),
                                 to_string(norms.shape()), to_string(g.shape())));
  }
  return v * chain_div(g, norms);  // 0 / 0 is 0
}

Tensor detail::as_matrix(const Tensor& weight, std::int64_t axis) {
  require_matrix_like("SpectralNorm", weight, axis);
  const Tensor moved = axis == 0 ? weight : move_axis(weight, axis, 0);
  return reshape(moved, {moved.dim(0), -1});
}

Tensor detail::divided_by_spectral_norm(const Tensor& weight, std::int64_t axis, const State& u, const State& v,
                                        int iterations, double epsilon) {
  const Tensor matrix = as_matrix(weight, axis);
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
