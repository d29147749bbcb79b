#include "xgrad/nn/bilinear.hpp"

#include <cmath>
#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"
#include "xgrad/scope.hpp"

#include "nn/defined.hpp"
#include "nn/initial.hpp"
#include "nn/reweighted.hpp"

namespace xgrad::nn {

Bilinear::Bilinear(std::int64_t in1, std::int64_t in2, std::int64_t out, Random& random,
                   const BilinearOptions& options) {
  if (in1 <= 0 || in2 <= 0 || out <= 0) {
    throw ValueError(fmt::format("[Bilinear] from {} and {} to {} features; all must be positive", in1, in2, out));
  }
  const double bound = 1 / std::sqrt(static_cast<double>(in1));
  const Initializer uniform = [bound](const Shape& shape, DType dtype, Random& source) {
    return source.uniform(shape, -bound, bound, dtype);
  };
  weight = Parameter{initial_value("Bilinear", "weight", options.weight ? options.weight : uniform,
                                   Shape{out, in1, in2}, options.dtype, random),
                     "weight"};
  if (options.use_bias) {
    bias = Parameter{initial_value("Bilinear", "bias", options.bias, Shape{out}, options.dtype, random), "bias"};
  }
}

Tensor Bilinear::operator()(const Tensor& x1, const Tensor& x2) const {
  return with_weight(weight, x1, x2);
}

Tensor Bilinear::with_weight(const Tensor& other, const Tensor& x1, const Tensor& x2) const {
  const Scope scope{"Bilinear", Scope::Role::layer};
  require_weight_like("Bilinear", weight, other);
  require_defined("Bilinear", "first input", x1);
  require_defined("Bilinear", "second input", x2);
  const Shape& a = weight.shape();
  const std::size_t rank = x1.rank();
  if (rank == 0 || x2.rank() != rank || x1.dim(-1) != a[1] || x2.dim(-1) != a[2] ||
      x1.shape().without(rank - 1) != x2.shape().without(rank - 1)) {
    throw ShapeError(fmt::format("[Bilinear] takes (…, {}) and (…, {}) with weight {}, not {} and {}", a[1], a[2],
                                 to_string(a), to_string(x1.shape()), to_string(x2.shape())));
  }
  const std::int64_t samples = x1.shape().without(rank - 1).size();
  // (samples, in1) (in1, out · in2), times x2 along in2.
  const Tensor flat = reshape(permute(other, {1, 0, 2}), {a[1], a[0] * a[2]});
  const Tensor mixed = reshape(matmul(reshape(x1, {samples, a[1]}), flat), {samples, a[0], a[2]});
  const Tensor products = sum(mixed * reshape(x2, {samples, 1, a[2]}), -1);
  const Tensor y = reshape(products, x1.shape().with(rank - 1, a[0]));
  return bias.defined() ? y + bias : y;
}

Tensor CosineSimilarity::operator()(const Tensor& x1, const Tensor& x2) const {
  const Scope scope{"CosineSimilarity", Scope::Role::layer};
  require_defined("CosineSimilarity", "first input", x1);
  require_defined("CosineSimilarity", "second input", x2);
  if (!(epsilon > 0) || !std::isfinite(epsilon)) {
    throw ValueError(fmt::format("[CosineSimilarity] epsilon {}; expected a positive number", epsilon));
  }
  if (x1.dtype() != x2.dtype() || !is_floating(x1.dtype())) {
    throw DTypeError(fmt::format("[CosineSimilarity] of {} and {}; expected one floating dtype", to_string(x1.dtype()),
                                 to_string(x2.dtype())));
  }
  Shape common;
  if (!broadcast(x1.shape(), x2.shape(), common)) {
    throw ShapeError(
        fmt::format("[CosineSimilarity] {} and {} don't broadcast", to_string(x1.shape()), to_string(x2.shape())));
  }
  const auto length = static_cast<std::int64_t>(common.rank());
  if (axis < -length || axis >= length) {
    throw ShapeError(fmt::format("[CosineSimilarity] along axis {} of {}", axis, to_string(common)));
  }
  const auto unit = [&](const Tensor& x) {
    const Tensor whole = x.shape() == common ? x : broadcast_to(x, common);
    return whole / maximum(norm(whole, axis, true), epsilon);
  };
  return sum(unit(x1) * unit(x2), axis);
}

}  // namespace xgrad::nn
