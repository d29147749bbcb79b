// Of x (in, 5, …), or (N, in, 5, …), and kernels of 3.
#include <array>

#include "xgrad/nn/convolution.hpp"

#include "cli/derive_layers/groups.hpp"

namespace xgrad::cli {

namespace {

// (channels, length, …, length)
Shape grid(std::int64_t channels, std::size_t axes, std::int64_t length) {
  std::vector<std::int64_t> lengths(1 + axes, length);
  lengths[0] = channels;
  return Shape{lengths};
}

template <template <std::size_t> class L, std::size_t Axes>
LayerCall convolution(LayerInputs& inputs) {
  const NamedTensor x = inputs.variable("x", inputs.of_samples(grid(inputs.in, Axes, 5), 1));
  const L<Axes> layer{inputs.in, inputs.out, 3, inputs.random, {.dtype = inputs.dtype}};
  const std::vector<NamedTensor> own{inputs.parameter("b", layer.bias), inputs.parameter("W", layer.weight)};
  return {{x, own[0], own[1]}, {"z", layer(x.tensor)}};
}

constexpr std::array entries{
    LayerEntry{"Conv1d", "W ⋆ x + b along one axis", convolution<nn::Conv, 1>},
    LayerEntry{"Conv2d", "W ⋆ x + b along two", convolution<nn::Conv, 2>},
    LayerEntry{"Conv3d", "W ⋆ x + b along three", convolution<nn::Conv, 3>},
    LayerEntry{"ConvTranspose1d", "the adjoint of a convolution, + b", convolution<nn::ConvTranspose, 1>},
    LayerEntry{"ConvTranspose2d", "likewise along two axes", convolution<nn::ConvTranspose, 2>},
    LayerEntry{"ConvTranspose3d", "likewise along three", convolution<nn::ConvTranspose, 3>}};

}  // namespace

std::span<const LayerEntry> convolution_entries() {
  return entries;
}

}  // namespace xgrad::cli
