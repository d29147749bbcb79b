// Of x (in, 4, …), or (N, in, 4, …).
#include "xgrad/nn/pooling.hpp"

#include <array>

#include "cli/derive_layers/groups.hpp"

namespace xgrad::cli {

namespace {

NamedTensor grid(LayerInputs& inputs, std::size_t axes, std::int64_t channels) {
  std::vector<std::int64_t> lengths(1 + axes, 4);
  lengths[0] = channels;
  return inputs.variable("x", inputs.of_samples(Shape{lengths}, 1));
}

// A kernel of 2, or a result of 2 elements per axis.
template <class L, std::size_t Axes>
LayerCall by_two(LayerInputs& inputs) {
  const NamedTensor x = grid(inputs, Axes, inputs.in);
  const auto made = [] {
    if constexpr (requires { L{std::vector<std::int64_t>(Axes, 2)}; }) {
      return L{std::vector<std::int64_t>(Axes, 2)};
    } else {
      return L{{.kernel = std::vector<std::int64_t>(Axes, 2)}};
    }
  };
  return {{x}, {"y", made()(x.tensor)}};
}

template <class L, std::size_t Axes>
LayerCall norm_by_two(LayerInputs& inputs) {
  const NamedTensor x = grid(inputs, Axes, inputs.in);
  return {{x}, {"y", L{2, {.kernel = std::vector<std::int64_t>(Axes, 2)}}(x.tensor)}};
}

template <class L>
LayerCall global(LayerInputs& inputs) {
  const NamedTensor x = grid(inputs, 2, inputs.in);
  return {{x}, {"y", L{}(x.tensor)}};
}

LayerCall flatten(LayerInputs& inputs) {
  const NamedTensor x = inputs.variable("x", inputs.batch({inputs.in, 4, 4}, 1));
  return {{x}, {"y", nn::Flatten{}(x.tensor)}};
}

LayerCall constant_pad(LayerInputs& inputs) {
  const NamedTensor x = grid(inputs, 2, inputs.in);
  return {{x}, {"y", nn::ConstantPad{{{1, 1}, {1, 1}}, 7}(x.tensor)}};
}

// By 1 on either side of the last two axes.
template <class L>
LayerCall pad(LayerInputs& inputs) {
  const NamedTensor x = grid(inputs, 2, inputs.in);
  return {{x}, {"y", L{{{1, 1}, {1, 1}}}(x.tensor)}};
}

LayerCall upsample(LayerInputs& inputs) {
  const NamedTensor x = grid(inputs, 2, inputs.in);
  return {{x}, {"y", nn::Upsample{{.scale = {2, 2}, .mode = Interpolation::linear}}(x.tensor)}};
}

LayerCall pixel_shuffle(LayerInputs& inputs) {
  const NamedTensor x = grid(inputs, 2, 4 * inputs.in);
  return {{x}, {"y", nn::PixelShuffle{2}(x.tensor)}};
}

LayerCall pixel_unshuffle(LayerInputs& inputs) {
  const NamedTensor x = grid(inputs, 2, inputs.in);
  return {{x}, {"y", nn::PixelUnshuffle{2}(x.tensor)}};
}

constexpr std::array entries{
    LayerEntry{"MaxPool1d", "the largest element of each window", by_two<nn::MaxPool1d, 1>},
    LayerEntry{"MaxPool2d", "likewise of two axes", by_two<nn::MaxPool2d, 2>},
    LayerEntry{"MaxPool3d", "likewise of three", by_two<nn::MaxPool3d, 3>},
    LayerEntry{"AvgPool1d", "the mean of each window", by_two<nn::AvgPool1d, 1>},
    LayerEntry{"AvgPool2d", "likewise of two axes", by_two<nn::AvgPool2d, 2>},
    LayerEntry{"AvgPool3d", "likewise of three", by_two<nn::AvgPool3d, 3>},
    LayerEntry{"LpPool1d", "√Σ x² of each window", norm_by_two<nn::LpPool1d, 1>},
    LayerEntry{"LpPool2d", "likewise of two axes", norm_by_two<nn::LpPool2d, 2>},
    LayerEntry{"LpPool3d", "likewise of three", norm_by_two<nn::LpPool3d, 3>},
    LayerEntry{"AdaptiveMaxPool1d", "the largest elements of a given number of windows",
               by_two<nn::AdaptiveMaxPool1d, 1>},
    LayerEntry{"AdaptiveMaxPool2d", "likewise of two axes", by_two<nn::AdaptiveMaxPool2d, 2>},
    LayerEntry{"AdaptiveMaxPool3d", "likewise of three", by_two<nn::AdaptiveMaxPool3d, 3>},
    LayerEntry{"AdaptiveAvgPool1d", "the means of a given number of windows", by_two<nn::AdaptiveAvgPool1d, 1>},
    LayerEntry{"AdaptiveAvgPool2d", "likewise of two axes", by_two<nn::AdaptiveAvgPool2d, 2>},
    LayerEntry{"AdaptiveAvgPool3d", "likewise of three", by_two<nn::AdaptiveAvgPool3d, 3>},
    LayerEntry{"GlobalMaxPool", "the largest element of each channel", global<nn::GlobalMaxPool>},
    LayerEntry{"GlobalAvgPool", "the mean of each channel", global<nn::GlobalAvgPool>},
    LayerEntry{"Flatten", "all axes but the first as one", flatten},
    LayerEntry{"ConstantPad", "a constant around the last two axes", constant_pad},
    LayerEntry{"ZeroPad", "zeros around them", pad<nn::ZeroPad>},
    LayerEntry{"ReflectionPad", "x mirrored around them", pad<nn::ReflectionPad>},
    LayerEntry{"ReplicationPad", "x's outermost elements around them", pad<nn::ReplicationPad>},
    LayerEntry{"CircularPad", "x's opposite sides around them", pad<nn::CircularPad>},
    LayerEntry{"Upsample", "x on a grid twice as fine, linear in between", upsample},
    LayerEntry{"PixelShuffle", "channels to a finer grid", pixel_shuffle},
    LayerEntry{"PixelUnshuffle", "the finer grid to channels", pixel_unshuffle}};

}  // namespace

std::span<const LayerEntry> pooling_entries() {
  return entries;
}

}  // namespace xgrad::cli
