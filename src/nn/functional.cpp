#include "xgrad/nn/functional.hpp"

#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <utility>
#include <vector>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/normalize.hpp"
#include "xgrad/reduce.hpp"

#include "nn/defined.hpp"

namespace xgrad::nn {

namespace {

// Errors name the function.
void require_floating(const char* function, const char* role, const Tensor& x) {
  require_defined(function, role, x);
  if (!is_floating(x.dtype())) {
    throw DTypeError(
        fmt::format("[{}] the {} is {}; expected float32 or float64", function, role, to_string(x.dtype())));
  }
}

// Of a weight or bias, if there is one.
void require_shape(const char* function, const char* role, const Tensor& tensor, const Shape& shape) {
  if (tensor.defined() && tensor.shape() != shape) {
    throw ShapeError(
        fmt::format("[{}] the {} is {}; expected {}", function, role, to_string(tensor.shape()), to_string(shape)));
  }
}

// The last axes, of these lengths.
Axes last_axes(const char* function, const Tensor& x, const Shape& normalized) {
  require_floating(function, "input", x);
  const std::size_t rank = normalized.rank();
  bool fits = rank > 0 && rank <= x.rank();
  std::vector<std::int64_t> axes;
  for (std::size_t i = 0; fits && i < rank; ++i) {
    const std::size_t axis = x.rank() - rank + i;
    fits = x.shape()[axis] == normalized[i];
    axes.push_back(static_cast<std::int64_t>(axis));
  }
  if (!fits) {
    throw ShapeError(fmt::format("[{}] normalises the last axes {}; found {}", function, to_string(normalized),
                                 to_string(x.shape())));
  }
  return Axes{axes};
}

Tensor scaled(Tensor x, const Tensor& weight, const Tensor& bias) {
  x = weight.defined() ? x * weight : x;
  return bias.defined() ? x + bias : x;
}

// (C) beside (N, C, …): (C, 1, …).
Tensor per_channel(const Tensor& values, const Tensor& x) {
  if (!values.defined() || x.rank() == 2) {
    return values;
  }
  std::vector<std::int64_t> lengths(x.rank() - 1, 1);
  lengths[0] = values.dim(0);
  return reshape(values, lengths);
}

Tensor scaled_channels(const Tensor& normal, const Tensor& weight, const Tensor& bias) {
  return scaled(normal, per_channel(weight, normal), per_channel(bias, normal));
}

}  // namespace

Tensor layer_norm(const Tensor& x, const Shape& normalized, const Tensor& weight, const Tensor& bias, double epsilon) {
  const Axes axes = last_axes("layer_norm", x, normalized);
  require_shape("layer_norm", "weight", weight, normalized);
  require_shape("layer_norm", "bias", bias, normalized);
  return scaled(normalize(x, axes, epsilon).named("x̂"), weight, bias);
}

Tensor rms_norm(const Tensor& x, const Shape& normalized, const Tensor& weight, double epsilon) {
  const Axes axes = last_axes("rms_norm", x, normalized);
  require_shape("rms_norm", "weight", weight, normalized);
  return scaled(rms_normalize(x, axes, epsilon).named("x̂"), weight, {});
}

Tensor group_norm(const Tensor& x, std::int64_t groups, const Tensor& weight, const Tensor& bias, double epsilon) {
  require_floating("group_norm", "input", x);
  if (groups <= 0) {
    throw ValueError(fmt::format("[group_norm] {} groups; expected one or more", groups));
  }
  if (x.rank() < 2 || x.dim(1) % groups != 0) {
    throw ShapeError(fmt::format("[group_norm] takes (N, C, …) with C a multiple of {} groups, not {}", groups,
                                 to_string(x.shape())));
  }
  const Shape channels{x.dim(1)};
  require_shape("group_norm", "weight", weight, channels);
  require_shape("group_norm", "bias", bias, channels);
  std::vector<std::int64_t> lengths = x.shape().to_vector();
  lengths[1] /= groups;
  lengths.insert(lengths.begin() + 1, groups);
  std::int64_t together = 1;
  for (std::size_t i = 2; i < lengths.size(); ++i) {
    together *= lengths[i];
  }
  const Tensor normal = normalize(reshape(x, {x.dim(0), groups, together}), -1, epsilon).named("x̂");
  return scaled_channels(reshape(normal, x.shape()), weight, bias);
}

Tensor instance_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double epsilon) {
  require_floating("instance_norm", "input", x);
  if (x.rank() < 3) {
    throw ShapeError(
        fmt::format("[instance_norm] takes (N, C, …) with an axis after the channels, not {}", to_string(x.shape())));
  }
  const Shape channels{x.dim(1)};
  require_shape("instance_norm", "weight", weight, channels);
  require_shape("instance_norm", "bias", bias, channels);
  std::vector<std::int64_t> axes;
  for (std::size_t axis = 2; axis < x.rank(); ++axis) {
    axes.push_back(static_cast<std::int64_t>(axis));
  }
  return scaled_channels(normalize(x, Axes{axes}, epsilon).named("x̂"), weight, bias);
}

namespace {

// How many queries' heads share one of the keys'. Throws ShapeError, DTypeError.
std::int64_t heads_per_key(const Tensor& q, const Tensor& k, const Tensor& v) {
  const auto refuse = [&](const char* expected) {
    throw ShapeError(fmt::format("[attention] found q {}, k {}, v {}; expected {}", to_string(q.shape()),
                                 to_string(k.shape()), to_string(v.shape()), expected));
  };
  for (const auto& [role, x] : {std::pair{"q", &q}, std::pair{"k", &k}, std::pair{"v", &v}}) {
    require_floating("attention", role, *x);
  }
  if (q.dtype() != k.dtype() || k.dtype() != v.dtype()) {
    throw DTypeError(fmt::format("[attention] q is {}, k {}, v {}; expected one dtype", to_string(q.dtype()),
                                 to_string(k.dtype()), to_string(v.dtype())));
  }
  const std::size_t rank = q.rank();
  if (rank < 2 || k.rank() != rank || v.rank() != rank) {
    refuse("(…, T_q, d), (…, T_k, d), (…, T_k, d_v)");
  }
  if (k.dim(-1) != q.dim(-1) || v.dim(-2) != k.dim(-2)) {
    refuse("q and k of one width, k and v of one length");
  }
  for (std::size_t axis = 0; axis + 3 < rank; ++axis) {
    if (q.shape()[axis] != k.shape()[axis]) {
      refuse("equal axes before the heads");
    }
  }
  for (std::size_t axis = 0; axis + 2 < rank; ++axis) {
    if (v.shape()[axis] != k.shape()[axis]) {
      refuse("equal axes of k and v");
    }
  }
  if (rank == 2 || q.dim(-3) == k.dim(-3)) {
    return 1;
  }
  if (k.dim(-3) == 0 || q.dim(-3) % k.dim(-3) != 0) {
    refuse("as many heads in q as in k, or a multiple");
  }
  return q.dim(-3) / k.dim(-3);
}

// (…, heads, rows, columns) → (…, heads / group, group rows, columns).
Tensor gathered(const Tensor& x, std::int64_t group) {
  if (group == 1) {
    return x;
  }
  std::vector<std::int64_t> lengths = x.shape().to_vector();
  lengths[lengths.size() - 3] /= group;
  lengths[lengths.size() - 2] *= group;
  return reshape(x, lengths);
}

Tensor spread_out(const Tensor& x, std::int64_t group) {
  if (group == 1) {
    return x;
  }
  std::vector<std::int64_t> lengths = x.shape().to_vector();
  lengths[lengths.size() - 3] *= group;
  lengths[lengths.size() - 2] /= group;
  return reshape(x, lengths);
}

// (T_q, T_k), bool.
Tensor causal_mask(std::int64_t queries, std::int64_t keys) {
  const auto first = static_cast<double>(keys - queries);
  const Tensor last_seen = arange(first, static_cast<double>(keys), 1, int64);
  const Tensor index = arange(0, static_cast<double>(keys), 1, int64);
  return (reshape(index.named("j"), {1, keys}) <= reshape(last_seen.named("i"), {queries, 1})).named("M");
}

void require_mask(const Tensor& mask, const Tensor& scores) {
  if (mask.dtype() != boolean && mask.dtype() != scores.dtype()) {
    throw DTypeError(fmt::format("[attention] the mask is {}; expected bool or {}", to_string(mask.dtype()),
                                 to_string(scores.dtype())));
  }
  Shape common;
  if (!broadcast(mask.shape(), scores.shape(), common) || common != scores.shape()) {
    throw ShapeError(fmt::format("[attention] the mask {} doesn't broadcast to the scores {}", to_string(mask.shape()),
                                 to_string(scores.shape())));
  }
}

// The weights of the keys.
Tensor weights_of(Tensor scores, const AttentionOptions& options) {
  Tensor seen;
  if (options.causal) {
    seen = causal_mask(scores.dim(-2), scores.dim(-1));
  }
  if (options.mask.defined()) {
    require_mask(options.mask, scores);
    constexpr double hidden = -std::numeric_limits<double>::infinity();
    const bool additive = options.mask.dtype() != boolean;
    const Tensor shown = additive ? not_equal(options.mask, hidden) : options.mask;
    scores = additive ? scores + options.mask : scores;
    seen = seen.defined() ? logical_and(seen, shown) : shown;
  }
  return (seen.defined() ? masked_softmax(scores.named("S"), seen) : softmax(scores.named("S"), -1)).named("P");
}

Tensor with_dropout(const Tensor& weights, const AttentionOptions& options) {
  const double p = options.dropout;
  if (!(p >= 0 && p <= 1)) {
    throw ValueError(fmt::format("[attention] dropout {}; it lies in [0, 1]", p));
  }
  if (p == 0) {
    return weights;
  }
  if (options.random == nullptr) {
    throw ValueError("[attention] a dropout without a source of random numbers; expected options.random");
  }
  const Tensor kept = options.random->bernoulli(weights.shape(), 1 - p, weights.dtype()).named("mask");
  return p == 1 ? weights * kept : weights * (kept * (1 / (1 - p)));
}

}  // namespace

Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionOptions& options) {
  const std::int64_t group = heads_per_key(q, k, v);
  const double scale = options.scale.value_or(1 / std::sqrt(static_cast<double>(q.dim(-1))));
  if (!std::isfinite(scale)) {
    throw ValueError(
        fmt::format("[attention] scale {} of vectors of {} elements; expected a finite number", scale, q.dim(-1)));
  }
  const Tensor scores = spread_out(matmul(gathered(q, group) * scale, transpose(k)), group);
  const Tensor weights = with_dropout(weights_of(scores, options), options);
  return spread_out(matmul(gathered(weights, group), v), group);
}

namespace {

// base^(−2i/width) for i < width/2.
Tensor frequencies(std::int64_t width, double base) {
  std::vector<double> values(static_cast<std::size_t>(width / 2));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = std::pow(base, -2 * static_cast<double>(i) / static_cast<double>(width));
  }
  return from_vector(values, Shape{width / 2}).named("ω");
}

}  // namespace

Tensor rotary_embedding(const Tensor& x, const Tensor& positions, double base, RotaryPairs pairs) {
  require_floating("rotary_embedding", "input", x);
  require_defined("rotary_embedding", "positions", positions);
  if (x.rank() < 2 || x.dim(-1) % 2 != 0) {
    throw ShapeError(fmt::format("[rotary_embedding] takes (…, T, d) with an even d, not {}", to_string(x.shape())));
  }
  if (positions.dtype() == boolean) {
    throw DTypeError("[rotary_embedding] the positions are bool; expected int64, float32 or float64");
  }
  if (!(base > 0) || !std::isfinite(base)) {
    throw ValueError(fmt::format("[rotary_embedding] base {}; expected a positive number", base));
  }
  const Shape vectors = x.shape().without(x.rank() - 1);
  Shape common;
  if (!broadcast(vectors, positions.shape(), common) || common != vectors) {
    throw ShapeError(fmt::format("[rotary_embedding] positions {} don't broadcast to the vectors {} of {}",
                                 to_string(positions.shape()), to_string(vectors), to_string(x.shape())));
  }
  const std::int64_t width = x.dim(-1);
  const Tensor angles = (expand_dims(cast(positions, float64), -1) * frequencies(width, base)).named("φ");
  const Tensor c = cast(cos(angles), x.dtype());
  const Tensor s = cast(sin(angles), x.dtype());
  if (pairs == RotaryPairs::halves) {
    const std::vector<Tensor> half = split(x, 2, -1);
    return concatenate({half[0] * c - half[1] * s, half[0] * s + half[1] * c}, -1);
  }
  const Tensor even = slice(x, {.start = 0, .stop = std::nullopt, .step = 2}, -1);
  const Tensor odd = slice(x, {.start = 1, .stop = std::nullopt, .step = 2}, -1);
  return reshape(stack({even * c - odd * s, even * s + odd * c}, -1), x.shape());
}

Tensor sinusoidal_positions(std::int64_t count, std::int64_t width, DType dtype) {
  if (count < 0 || width <= 0 || width % 2 != 0) {
    throw ValueError(
        fmt::format("[sinusoidal_positions] {} positions of width {}; expected an even, positive width", count, width));
  }
  if (!is_floating(dtype)) {
    throw DTypeError(fmt::format("[sinusoidal_positions] of {}; expected float32 or float64", to_string(dtype)));
  }
  const Tensor angles =
      reshape(arange(0, static_cast<double>(count), 1, float64).named("p"), {count, 1}) * frequencies(width, 10000);
  return cast(reshape(stack({sin(angles), cos(angles)}, -1), {count, width}), dtype);
}

}  // namespace xgrad::nn
