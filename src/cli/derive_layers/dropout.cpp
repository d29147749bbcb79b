#include "xgrad/nn/dropout.hpp"

#include <array>

#include "cli/derive_layers/groups.hpp"

namespace xgrad::cli {

namespace {

template <class L>
LayerCall of_features(LayerInputs& inputs) {
  const NamedTensor x = inputs.variable("x", inputs.row(2 * inputs.in));
  return {{x}, {"y", L{0.5, inputs.random}(x.tensor)}};
}

// (N, in, 2, …)
template <class L, std::size_t Axes>
LayerCall of_channels(LayerInputs& inputs) {
  std::vector<std::int64_t> lengths(1 + Axes, 2);
  lengths[0] = inputs.in;
  const NamedTensor x = inputs.variable("x", inputs.batch(Shape{lengths}, 2));
  return {{x}, {"y", L{0.5, inputs.random}(x.tensor)}};
}

LayerCall stochastic_depth(LayerInputs& inputs) {
  const NamedTensor x = inputs.variable("x", inputs.batch({inputs.in}, 4));
  return {{x}, {"y", nn::StochasticDepth{0.5, inputs.random}(x.tensor)}};
}

constexpr std::array entries{
    LayerEntry{"Dropout", "x ⊙ m / (1 − p), elements of m 0 with probability p", of_features<nn::Dropout>},
    LayerEntry{"DropoutChannel", "likewise whole channels", of_channels<nn::DropoutChannel, 1>},
    LayerEntry{"Dropout1d", "likewise of sequences", of_channels<nn::Dropout1d, 1>},
    LayerEntry{"Dropout2d", "likewise of images", of_channels<nn::Dropout2d, 2>},
    LayerEntry{"Dropout3d", "likewise of volumes", of_channels<nn::Dropout3d, 3>},
    LayerEntry{"AlphaDropout", "what keeps mean and variance behind a SELU", of_features<nn::AlphaDropout>},
    LayerEntry{"StochasticDepth", "whole samples dropped", stochastic_depth}};

}  // namespace

std::span<const LayerEntry> dropout_entries() {
  return entries;
}

}  // namespace xgrad::cli
