#include "xgrad/nn/normalization.hpp"

#include <cmath>
#include <fmt/format.h>
#include <vector>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/nn/functional.hpp"
#include "xgrad/normalize.hpp"
#include "xgrad/reduce.hpp"
#include "xgrad/scope.hpp"

#include "nn/defined.hpp"

namespace xgrad::nn {

namespace {

// All but the channels'.
Axes batch_axes(const Tensor& x) {
  std::vector<std::int64_t> axes{0};
  for (std::size_t axis = 2; axis < x.rank(); ++axis) {
    axes.push_back(static_cast<std::int64_t>(axis));
  }
  return axes;
}

// (C) beside x: (C, 1, …).
Tensor per_channel(const Tensor& values, const Tensor& x) {
  if (x.rank() == 2) {
    return values;
  }
  std::vector<std::int64_t> lengths(x.rank() - 1, 1);
  lengths[0] = values.dim(0);
  return reshape(values, Shape{lengths});
}

Tensor moved(const State& running, const Tensor& batch, double momentum) {
  return running * (1 - momentum) + reshape(batch, running.shape()) * momentum;
}

}  // namespace

BatchNorm::BatchNorm(std::int64_t count, const BatchNormOptions& options)
    : channels{count}, epsilon{options.epsilon}, momentum{options.momentum} {
  if (channels <= 0) {
    throw ValueError(fmt::format("[BatchNorm] of {} channels; expected one or more", channels));
  }
  if (!is_floating(options.dtype)) {
    throw DTypeError(fmt::format("[BatchNorm] of {}; expected float32 or float64", to_string(options.dtype)));
  }
  if (!(epsilon > 0) || !std::isfinite(epsilon)) {
    throw ValueError(fmt::format("[BatchNorm] epsilon {}; expected a positive number", epsilon));
  }
  if (!(momentum >= 0 && momentum <= 1)) {
    throw ValueError(fmt::format("[BatchNorm] momentum {}; it lies in [0, 1]", momentum));
  }
  const Shape shape{channels};
  if (options.affine) {
    weight = Parameter{ones(shape, options.dtype), "weight"};
    bias = Parameter{zeros(shape, options.dtype), "bias"};
  }
  if (options.running_statistics) {
    running_mean = State{zeros(shape, options.dtype), "running_mean"};
    running_var = State{ones(shape, options.dtype), "running_var"};
  }
}

Tensor BatchNorm::operator()(const Tensor& x) const {
  const Scope scope{"BatchNorm", Scope::Role::layer};
  require_defined("BatchNorm", "input", x);
  if (x.rank() < 2 || x.dim(1) != channels) {
    throw ShapeError(fmt::format("[BatchNorm] takes (N, {}, …), not {}", channels, to_string(x.shape())));
  }
  const auto finished = [this, &x](const Tensor& normal) {
    return weight.defined() ? normal * per_channel(weight, x) + per_channel(bias, x) : normal;
  };
  if (!uses_batch()) {
    return finished((x - per_channel(running_mean, x)) / sqrt(per_channel(running_var, x) + epsilon));
  }
  const std::int64_t per_channel_count = x.size() / channels;
  if (per_channel_count < 2) {
    throw ValueError(
        fmt::format("[BatchNorm] of {}: {} value per channel, which has no variance; expected two or more, "
                    "or a model in inference",
                    to_string(x.shape()), per_channel_count));
  }
  const Axes axes = batch_axes(x);
  const Tensor normal = normalize(x, axes, epsilon).named("x̂");
  if (mode == Mode::training && running_mean.defined()) {
    // From x̂, so that an evaluation of y has what they need, and computes them, too.
    const auto count = static_cast<double>(per_channel_count);
    const Tensor centred = normal * deviation(x, axes, epsilon);
    running_mean.set(moved(running_mean, mean(x - centred, axes, true), momentum));
    running_var.set(moved(running_var, mean(square(centred), axes, true) * (count / (count - 1)), momentum));
  }
  return finished(normal);
}

namespace {

void require_rank(const char* layer, const Tensor& x, bool fits, const char* expected) {
  if (!fits) {
    throw ShapeError(fmt::format("[{}] takes {}, not {}", layer, expected, to_string(x.shape())));
  }
}

}  // namespace

Tensor BatchNorm1d::operator()(const Tensor& x) const {
  require_defined("BatchNorm1d", "input", x);
  require_rank("BatchNorm1d", x, x.rank() == 2 || x.rank() == 3, "(N, C) or (N, C, L)");
  return BatchNorm::operator()(x);
}

Tensor BatchNorm2d::operator()(const Tensor& x) const {
  require_defined("BatchNorm2d", "input", x);
  require_rank("BatchNorm2d", x, x.rank() == 4, "(N, C, H, W)");
  return BatchNorm::operator()(x);
}

Tensor BatchNorm3d::operator()(const Tensor& x) const {
  require_defined("BatchNorm3d", "input", x);
  require_rank("BatchNorm3d", x, x.rank() == 5, "(N, C, D, H, W)");
  return BatchNorm::operator()(x);
}

namespace {

void require_options(const char* layer, const NormOptions& options) {
  if (!is_floating(options.dtype)) {
    throw DTypeError(fmt::format("[{}] of {}; expected float32 or float64", layer, to_string(options.dtype)));
  }
  if (!(options.epsilon > 0) || !std::isfinite(options.epsilon)) {
    throw ValueError(fmt::format("[{}] epsilon {}; expected a positive number", layer, options.epsilon));
  }
}

void require_lengths(const char* layer, const Shape& lengths) {
  if (lengths.rank() == 0 || lengths.size() == 0) {
    throw ValueError(
        fmt::format("[{}] over axes {}; expected one or more, of positive lengths", layer, to_string(lengths)));
  }
}

Parameter weight_of(const Shape& shape, const NormOptions& options) {
  return options.affine ? Parameter{ones(shape, options.dtype), "weight"} : Parameter{};
}

Parameter bias_of(const Shape& shape, const NormOptions& options) {
  return options.affine ? Parameter{zeros(shape, options.dtype), "bias"} : Parameter{};
}

Tensor value_of(const Parameter& parameter) {
  return parameter.defined() ? parameter.value() : Tensor{};
}

}  // namespace

LayerNorm::LayerNorm(const Shape& lengths, const NormOptions& options) : normalized{lengths}, epsilon{options.epsilon} {
  require_options("LayerNorm", options);
  require_lengths("LayerNorm", lengths);
  weight = weight_of(lengths, options);
  bias = bias_of(lengths, options);
}

Tensor LayerNorm::operator()(const Tensor& x) const {
  const Scope scope{"LayerNorm", Scope::Role::layer};
  require_defined("LayerNorm", "input", x);
  return layer_norm(x, normalized, value_of(weight), value_of(bias), epsilon);
}

RMSNorm::RMSNorm(const Shape& lengths, const NormOptions& options) : normalized{lengths}, epsilon{options.epsilon} {
  require_options("RMSNorm", options);
  require_lengths("RMSNorm", lengths);
  weight = weight_of(lengths, options);
}

Tensor RMSNorm::operator()(const Tensor& x) const {
  const Scope scope{"RMSNorm", Scope::Role::layer};
  require_defined("RMSNorm", "input", x);
  return rms_norm(x, normalized, value_of(weight), epsilon);
}

GroupNorm::GroupNorm(std::int64_t group_count, std::int64_t channel_count, const NormOptions& options)
    : groups{group_count}, channels{channel_count}, epsilon{options.epsilon} {
  require_options("GroupNorm", options);
  if (groups <= 0 || channels <= 0 || channels % groups != 0) {
    throw ValueError(
        fmt::format("[GroupNorm] {} channels in {} groups; expected a multiple, both positive", channels, groups));
  }
  weight = weight_of({channels}, options);
  bias = bias_of({channels}, options);
}

Tensor GroupNorm::operator()(const Tensor& x) const {
  const Scope scope{"GroupNorm", Scope::Role::layer};
  require_defined("GroupNorm", "input", x);
  if (x.rank() < 2 || x.dim(1) != channels) {
    throw ShapeError(fmt::format("[GroupNorm] takes (N, {}, …), not {}", channels, to_string(x.shape())));
  }
  return group_norm(x, groups, value_of(weight), value_of(bias), epsilon);
}

InstanceNorm::InstanceNorm(std::int64_t count, const InstanceNormOptions& options)
    : channels{count}, epsilon{options.epsilon} {
  const NormOptions norm{options.epsilon, options.affine, options.dtype};
  require_options("InstanceNorm", norm);
  if (channels <= 0) {
    throw ValueError(fmt::format("[InstanceNorm] of {} channels; expected one or more", channels));
  }
  weight = weight_of({channels}, norm);
  bias = bias_of({channels}, norm);
}

Tensor InstanceNorm::operator()(const Tensor& x) const {
  const Scope scope{"InstanceNorm", Scope::Role::layer};
  require_defined("InstanceNorm", "input", x);
  if (x.rank() < 3 || x.dim(1) != channels) {
    throw ShapeError(fmt::format("[InstanceNorm] takes (N, {}, …) with an axis after the channels, not {}", channels,
                                 to_string(x.shape())));
  }
  return instance_norm(x, value_of(weight), value_of(bias), epsilon);
}

Tensor InstanceNorm1d::operator()(const Tensor& x) const {
  require_defined("InstanceNorm1d", "input", x);
  require_rank("InstanceNorm1d", x, x.rank() == 3, "(N, C, L)");
  return InstanceNorm::operator()(x);
}

Tensor InstanceNorm2d::operator()(const Tensor& x) const {
  require_defined("InstanceNorm2d", "input", x);
  require_rank("InstanceNorm2d", x, x.rank() == 4, "(N, C, H, W)");
  return InstanceNorm::operator()(x);
}

Tensor InstanceNorm3d::operator()(const Tensor& x) const {
  require_defined("InstanceNorm3d", "input", x);
  require_rank("InstanceNorm3d", x, x.rank() == 5, "(N, C, D, H, W)");
  return InstanceNorm::operator()(x);
}

}  // namespace xgrad::nn
