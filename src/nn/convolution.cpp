#include "xgrad/nn/convolution.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <utility>
#include <vector>

#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/scope.hpp"

#include "nn/defined.hpp"
#include "nn/fans.hpp"
#include "nn/reweighted.hpp"

namespace xgrad::nn {

namespace {

constexpr std::array conv_names{"Conv1d", "Conv2d", "Conv3d"};
constexpr std::array transpose_names{"ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"};

/// What both kinds of layers have.
struct Plan {
  const char* name;
  std::size_t axes;
  bool transposed;
  std::int64_t in;
  std::int64_t out;
  std::int64_t groups;
};

void require_channels(const Plan& plan) {
  if (plan.in <= 0 || plan.out <= 0) {
    throw ValueError(
        fmt::format("[{}] from {} to {} channels; expected positive numbers", plan.name, plan.in, plan.out));
  }
  if (plan.groups <= 0 || plan.in % plan.groups != 0 || plan.out % plan.groups != 0) {
    throw ValueError(fmt::format("[{}] from {} to {} channels in {} groups; expected a number that divides both",
                                 plan.name, plan.in, plan.out, plan.groups));
  }
}

void require_count(const Plan& plan, const char* what, std::size_t found) {
  if (found != plan.axes) {
    throw ShapeError(
        fmt::format("[{}] found {} numbers as {}; expected one, or {}", plan.name, found, what, plan.axes));
  }
}

void require_sizes(const Plan& plan, const char* what, const ConvSizes& sizes, std::int64_t least) {
  if (!sizes.is_single()) {
    require_count(plan, what, sizes.values().size());
  }
  for (const std::int64_t size : sizes.values()) {
    if (size < least) {
      throw ValueError(fmt::format("[{}] {} {}; expected {} or more", plan.name, what, size, least));
    }
  }
}

template <class Options>
void require_options(const Plan& plan, const Options& options) {
  require_sizes(plan, "stride", options.stride, 1);
  require_sizes(plan, "dilation", options.dilation, 1);
  if (options.groups < 1) {
    throw ValueError(fmt::format("[{}] {} groups; expected one or more", plan.name, options.groups));
  }
  if (options.padding.rule() == ConvPadding::Rule::widths) {
    require_count(plan, "padding", options.padding.widths().size());
  }
  for (const auto& [before, after] : options.padding.widths()) {
    if (before < 0 || after < 0) {
      throw ValueError(fmt::format("[{}] padding ({}, {}); expected none negative", plan.name, before, after));
    }
  }
  const auto& strides = options.stride.values();
  const bool same = options.padding.rule() == ConvPadding::Rule::same;
  if (same &&
      (plan.transposed || std::any_of(strides.begin(), strides.end(), [](auto stride) { return stride != 1; }))) {
    throw ValueError(fmt::format("[{}] padding \"same\" {}; expected numbers", plan.name,
                                 plan.transposed ? "of a transposed convolution" : "with a stride"));
  }
}

void require_output_padding(const Plan& plan, const ConvTransposeOptions& options) {
  require_sizes(plan, "output_padding", options.output_padding, 0);
  const auto at = [](const ConvSizes& sizes, std::size_t a) { return sizes.values()[sizes.is_single() ? 0 : a]; };
  for (std::size_t a = 0; a < plan.axes; ++a) {
    if (at(options.output_padding, a) >= at(options.stride, a)) {
      throw ValueError(fmt::format("[{}] output_padding {} with stride {}; expected less than the stride", plan.name,
                                   at(options.output_padding, a), at(options.stride, a)));
    }
  }
}

Shape weight_shape(const Plan& plan, const ConvSizes& kernel) {
  require_sizes(plan, "kernel", kernel, 1);
  std::vector<std::int64_t> lengths{plan.transposed ? plan.in : plan.out,
                                    (plan.transposed ? plan.out : plan.in) / plan.groups};
  for (std::size_t a = 0; a < plan.axes; ++a) {
    lengths.push_back(kernel.values()[kernel.is_single() ? 0 : a]);
  }
  return Shape{lengths};
}

Tensor checked(const Plan& plan, const char* what, Tensor value, const Shape& shape, DType dtype) {
  if (!value.defined()) {
    throw ValueError(
        fmt::format("[{}] the initializer of the {} {} gave an undefined Tensor", plan.name, what, to_string(shape)));
  }
  if (value.shape() != shape) {
    throw ShapeError(fmt::format("[{}] the {} is {}, its initializer gave {}", plan.name, what, to_string(shape),
                                 to_string(value.shape())));
  }
  if (value.dtype() != dtype) {
    throw DTypeError(fmt::format("[{}] the {} is {}, its initializer gave {}", plan.name, what, to_string(dtype),
                                 to_string(value.dtype())));
  }
  return value;
}

// Glorot's; the two fans of a transposed weight change places, so that their sum is the same.
Tensor glorot(const Shape& shape, std::int64_t groups, DType dtype, Random& random) {
  const Fans fans = fans_of(shape, groups);
  const double bound = std::sqrt(6 / (fans.in + fans.out));
  return random.uniform(shape, -bound, bound, dtype);
}

template <class Options>
Parameter first_weight(const Plan& plan, const Shape& shape, Random& random, const Options& options) {
  if (!is_floating(options.dtype)) {
    throw DTypeError(fmt::format("[{}] of {}; expected float32 or float64", plan.name, to_string(options.dtype)));
  }
  Tensor value =
      options.weight ? options.weight(shape, options.dtype, random) : glorot(shape, plan.groups, options.dtype, random);
  return Parameter{checked(plan, "weight", std::move(value), shape, options.dtype), "weight"};
}

template <class Options>
Parameter first_bias(const Plan& plan, Random& random, const Options& options) {
  if (!options.use_bias) {
    return {};
  }
  if (!options.bias) {
    throw ValueError(fmt::format("[{}] the bias has an empty initializer", plan.name));
  }
  const Shape shape{plan.out};
  return Parameter{checked(plan, "bias", options.bias(shape, options.dtype, random), shape, options.dtype), "bias"};
}

void require_fitting(Plan plan, const Tensor& weight, const Tensor& bias) {
  require_defined(plan.name, "weight", weight);
  const Shape& shape = weight.shape();
  if (shape.rank() != plan.axes + 2 || shape.size() == 0) {
    throw ShapeError(fmt::format(
        "[{}] found a weight {}; expected {} with {} spatial axes, and elements", plan.name, to_string(shape),
        plan.transposed ? "(in, out / groups, *kernel)" : "(out, in / groups, *kernel)", plan.axes));
  }
  if (!is_floating(weight.dtype())) {
    throw DTypeError(
        fmt::format("[{}] found a weight of {}; expected float32 or float64", plan.name, to_string(weight.dtype())));
  }
  if (shape[0] % plan.groups != 0) {
    throw ShapeError(fmt::format("[{}] found a weight {} for {} groups; expected a multiple along its first axis",
                                 plan.name, to_string(shape), plan.groups));
  }
  const std::int64_t out = plan.transposed ? shape[1] * plan.groups : shape[0];
  if (bias.defined() && bias.shape() != Shape{out}) {
    throw ShapeError(fmt::format("[{}] found a bias {} beside a weight {}; expected ({},)", plan.name,
                                 to_string(bias.shape()), to_string(shape), out));
  }
  if (bias.defined() && bias.dtype() != weight.dtype()) {
    throw DTypeError(fmt::format("[{}] the weight is {}, the bias {}", plan.name, to_string(weight.dtype()),
                                 to_string(bias.dtype())));
  }
}

void require_input(const Plan& plan, const Parameter& weight, const Tensor& x) {
  require_defined(plan.name, "input", x);
  const std::int64_t channels = plan.transposed ? weight.shape()[0] : weight.shape()[1] * plan.groups;
  const bool ranks = x.rank() == plan.axes + 1 || x.rank() == plan.axes + 2;
  if (!ranks || x.shape()[x.rank() - plan.axes - 1] != channels) {
    throw ShapeError(fmt::format("[{}] found {}; expected (N, {}, *spatial) or ({}, *spatial) with {} spatial axes",
                                 plan.name, to_string(x.shape()), channels, channels, plan.axes));
  }
}

// One number per channel.
Tensor with_bias(const Tensor& z, const Parameter& bias, std::size_t axes) {
  if (!bias.defined()) {
    return z;
  }
  std::vector<std::int64_t> lengths(axes + 1, 1);
  lengths[0] = bias.shape()[0];
  return z + reshape(bias, Shape{lengths});
}

template <std::size_t Axes>
Plan plan_of(const ConvOptions& options, std::int64_t in = 0, std::int64_t out = 0) {
  return {conv_names[Axes - 1], Axes, false, in, out, options.groups};
}
template <std::size_t Axes>
Plan plan_of(const ConvTransposeOptions& options, std::int64_t in = 0, std::int64_t out = 0) {
  return {transpose_names[Axes - 1], Axes, true, in, out, options.groups};
}

}  // namespace

template <std::size_t Axes>
Conv<Axes>::Conv(std::int64_t in, std::int64_t out, const ConvSizes& kernel, Random& random,
                 const ConvLayerOptions& given)
    : options{given.stride, given.padding, given.dilation, given.groups, given.mode} {
  const Plan plan = plan_of<Axes>(options, in, out);
  require_channels(plan);
  require_options(plan, options);
  weight = first_weight(plan, weight_shape(plan, kernel), random, given);
  bias = first_bias(plan, random, given);
}

template <std::size_t Axes>
Conv<Axes>::Conv(const Tensor& weights, const Tensor& biases, ConvOptions given) : options{std::move(given)} {
  require_options(plan_of<Axes>(options), options);
  require_fitting(plan_of<Axes>(options), weights, biases);
  weight = Parameter{weights, "weight"};
  if (biases.defined()) {
    bias = Parameter{biases, "bias"};
  }
}

template <std::size_t Axes>
Conv<Axes>::Conv(const Parameter& weights, const Parameter& biases, ConvOptions given)
    : weight{weights}, bias{biases}, options{std::move(given)} {
  require_options(plan_of<Axes>(options), options);
  require_fitting(plan_of<Axes>(options), weights.defined() ? weights.value() : Tensor{},
                  biases.defined() ? biases.value() : Tensor{});
}

template <std::size_t Axes>
Tensor Conv<Axes>::operator()(const Tensor& x) const {
  return with_weight(weight, x);
}

template <std::size_t Axes>
Tensor Conv<Axes>::with_weight(const Tensor& other, const Tensor& x) const {
  const Plan plan = plan_of<Axes>(options);
  const Scope scope{plan.name, Scope::Role::layer};
  require_weight_like(plan.name, weight, other);
  require_input(plan, weight, x);
  return with_bias(conv(x, other, options), bias, Axes);
}

template <std::size_t Axes>
ConvTranspose<Axes>::ConvTranspose(std::int64_t in, std::int64_t out, const ConvSizes& kernel, Random& random,
                                   const ConvTransposeLayerOptions& given)
    : options{given.stride, given.padding, given.output_padding, given.dilation, given.groups} {
  const Plan plan = plan_of<Axes>(options, in, out);
  require_channels(plan);
  require_options(plan, options);
  require_output_padding(plan, options);
  weight = first_weight(plan, weight_shape(plan, kernel), random, given);
  bias = first_bias(plan, random, given);
}

template <std::size_t Axes>
ConvTranspose<Axes>::ConvTranspose(const Tensor& weights, const Tensor& biases, ConvTransposeOptions given)
    : options{std::move(given)} {
  require_options(plan_of<Axes>(options), options);
  require_output_padding(plan_of<Axes>(options), options);
  require_fitting(plan_of<Axes>(options), weights, biases);
  weight = Parameter{weights, "weight"};
  if (biases.defined()) {
    bias = Parameter{biases, "bias"};
  }
}

template <std::size_t Axes>
ConvTranspose<Axes>::ConvTranspose(const Parameter& weights, const Parameter& biases, ConvTransposeOptions given)
    : weight{weights}, bias{biases}, options{std::move(given)} {
  require_options(plan_of<Axes>(options), options);
  require_output_padding(plan_of<Axes>(options), options);
  require_fitting(plan_of<Axes>(options), weights.defined() ? weights.value() : Tensor{},
                  biases.defined() ? biases.value() : Tensor{});
}

template <std::size_t Axes>
Tensor ConvTranspose<Axes>::operator()(const Tensor& x) const {
  return with_weight(weight, x);
}

template <std::size_t Axes>
Tensor ConvTranspose<Axes>::with_weight(const Tensor& other, const Tensor& x) const {
  const Plan plan = plan_of<Axes>(options);
  const Scope scope{plan.name, Scope::Role::layer};
  require_weight_like(plan.name, weight, other);
  require_input(plan, weight, x);
  return with_bias(conv_transpose(x, other, options), bias, Axes);
}

template class Conv<1>;
template class Conv<2>;
template class Conv<3>;
template class ConvTranspose<1>;
template class ConvTranspose<2>;
template class ConvTranspose<3>;

}  // namespace xgrad::nn
