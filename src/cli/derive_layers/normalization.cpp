#include "xgrad/nn/normalization.hpp"

#include <array>

#include "cli/derive_layers/groups.hpp"

namespace xgrad::cli {

namespace {

std::vector<NamedTensor> scale_and_shift(LayerInputs& inputs, const NamedTensor& x, const Parameter& weight,
                                         const Parameter& bias) {
  std::vector<NamedTensor> xs{x};
  if (bias.defined()) {
    xs.push_back(inputs.parameter("β", bias));
  }
  if (weight.defined()) {
    xs.push_back(inputs.parameter("γ", weight));
  }
  return xs;
}

// (N, in, 2, …): the batch's own statistics.
template <class L, std::size_t Axes>
LayerCall batch_norm(LayerInputs& inputs) {
  std::vector<std::int64_t> lengths(1 + Axes, 2);
  lengths[0] = inputs.in;
  const NamedTensor x = inputs.variable("x", inputs.batch(Shape{lengths}, 4));
  const L layer{inputs.in, {.dtype = inputs.dtype}};
  std::vector<NamedTensor> xs = scale_and_shift(inputs, x, layer.weight, layer.bias);
  return {std::move(xs), {"y", layer(x.tensor)}};
}

template <class L, std::size_t Axes>
LayerCall instance_norm(LayerInputs& inputs) {
  std::vector<std::int64_t> lengths(1 + Axes, 4);
  lengths[0] = inputs.in;
  const NamedTensor x = inputs.variable("x", inputs.batch(Shape{lengths}, 2));
  const L layer{inputs.in, {.affine = true, .dtype = inputs.dtype}};
  std::vector<NamedTensor> xs = scale_and_shift(inputs, x, layer.weight, layer.bias);
  return {std::move(xs), {"y", layer(x.tensor)}};
}

LayerCall layer_norm(LayerInputs& inputs) {
  const NamedTensor x = inputs.variable("x", inputs.row(2 * inputs.in));
  const nn::LayerNorm layer{2 * inputs.in, {.dtype = inputs.dtype}};
  std::vector<NamedTensor> xs = scale_and_shift(inputs, x, layer.weight, layer.bias);
  return {std::move(xs), {"y", layer(x.tensor)}};
}

LayerCall rms_norm(LayerInputs& inputs) {
  const NamedTensor x = inputs.variable("x", inputs.row(2 * inputs.in));
  const nn::RMSNorm layer{2 * inputs.in, {.dtype = inputs.dtype}};
  std::vector<NamedTensor> xs = scale_and_shift(inputs, x, layer.weight, {});
  return {std::move(xs), {"y", layer(x.tensor)}};
}

// Two groups.
LayerCall group_norm(LayerInputs& inputs) {
  const NamedTensor x = inputs.variable("x", inputs.batch({2 * inputs.in, 4}, 2));
  const nn::GroupNorm layer{2, 2 * inputs.in, {.dtype = inputs.dtype}};
  std::vector<NamedTensor> xs = scale_and_shift(inputs, x, layer.weight, layer.bias);
  return {std::move(xs), {"y", layer(x.tensor)}};
}

constexpr std::array entries{
    LayerEntry{"BatchNorm", "γ x̂ + β, x̂ normalised over the batch, per feature", batch_norm<nn::BatchNorm, 0>},
    LayerEntry{"BatchNorm1d", "likewise per channel of sequences", batch_norm<nn::BatchNorm1d, 1>},
    LayerEntry{"BatchNorm2d", "likewise of images", batch_norm<nn::BatchNorm2d, 2>},
    LayerEntry{"BatchNorm3d", "likewise of volumes", batch_norm<nn::BatchNorm3d, 3>},
    LayerEntry{"LayerNorm", "γ x̂ + β, x̂ normalised over the features of a sample", layer_norm},
    LayerEntry{"RMSNorm", "γ x̂, x̂ = x / √(mean x² + ε)", rms_norm},
    LayerEntry{"GroupNorm", "γ x̂ + β, x̂ normalised over groups of channels", group_norm},
    LayerEntry{"InstanceNorm", "γ x̂ + β, x̂ normalised per sample and channel", instance_norm<nn::InstanceNorm, 1>},
    LayerEntry{"InstanceNorm1d", "likewise of sequences", instance_norm<nn::InstanceNorm1d, 1>},
    LayerEntry{"InstanceNorm2d", "likewise of images", instance_norm<nn::InstanceNorm2d, 2>},
    LayerEntry{"InstanceNorm3d", "likewise of volumes", instance_norm<nn::InstanceNorm3d, 3>}};

}  // namespace

std::span<const LayerEntry> normalization_entries() {
  return entries;
}

}  // namespace xgrad::cli
