#include "xgrad/nn/normalization.hpp"

#include <cmath>
#include <fmt/format.h>
#include <vector>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
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
  const auto finished = [this, &x](const Tensor& centred, const Tensor& variance) {
    const Tensor normal = centred / sqrt(variance + epsilon);
    return weight.defined() ? normal * per_channel(weight, x) + per_channel(bias, x) : normal;
  };
  if (!uses_batch()) {
    return finished(x - per_channel(running_mean, x), per_channel(running_var, x));
  }
  const std::int64_t per_channel_count = x.size() / channels;
  if (per_channel_count < 2) {
    throw ValueError(
        fmt::format("[BatchNorm] of {}: {} value per channel, which has no variance; expected two or more, "
                    "or a model in inference",
                    to_string(x.shape()), per_channel_count));
  }
  const auto count = static_cast<double>(per_channel_count);
  const Axes axes = batch_axes(x);
  const Tensor mean = xgrad::mean(x, axes, true);
  const Tensor centred = x - mean;
  const Tensor variance = xgrad::mean(square(centred), axes, true);
  Tensor y = finished(centred, variance);
  if (mode == Mode::training && running_mean.defined()) {
    running_mean.set(moved(running_mean, mean, momentum));
    running_var.set(moved(running_var, variance * (count / (count - 1)), momentum));
  }
  return y;
}

}  // namespace xgrad::nn
