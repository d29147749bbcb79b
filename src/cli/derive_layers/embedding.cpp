#include "xgrad/nn/embedding.hpp"

#include <array>

#include "cli/derive_layers/groups.hpp"

namespace xgrad::cli {

namespace {

constexpr std::int64_t words = 5;  // in a table

LayerCall embedding(LayerInputs& inputs) {
  const nn::Embedding layer{words, inputs.in, inputs.random, {.dtype = inputs.dtype}};
  const NamedTensor table = inputs.parameter("E", layer.weight);
  const NamedTensor i = inputs.classes("i", {inputs.samples.value_or(3)}, words);
  return {{table}, {"y", layer(i.tensor)}, {i}};
}

LayerCall bag(LayerInputs& inputs) {
  const nn::EmbeddingBag layer{words, inputs.in, inputs.random, nn::BagMode::mean, {.dtype = inputs.dtype}};
  const NamedTensor table = inputs.parameter("E", layer.weight);
  const NamedTensor i = inputs.classes("i", inputs.batch({3}, 2), words);
  return {{table}, {"y", layer(i.tensor)}, {i}};
}

LayerCall positions(LayerInputs& inputs) {
  const NamedTensor x = inputs.variable("x", inputs.of_samples({3, inputs.in}, 1));
  const nn::LearnedPositions layer{words, inputs.in, inputs.random, {.dtype = inputs.dtype}};
  const NamedTensor table = inputs.parameter("P", layer.weight);
  return {{x, table}, {"y", layer(x.tensor)}};
}

LayerCall sinusoidal_positions(LayerInputs& inputs) {
  const NamedTensor x = inputs.variable("x", inputs.of_samples({3, 2 * inputs.in}, 1));
  return {{x}, {"y", nn::SinusoidalPositions{}(x.tensor)}};
}

constexpr std::array entries{
    LayerEntry{"Embedding", "the rows of a table E at indices i", embedding},
    LayerEntry{"EmbeddingBag", "the means of rows of E, per bag of indices", bag},
    LayerEntry{"LearnedPositions", "x + the first rows of a table P", positions},
    LayerEntry{"SinusoidalPositions", "x + sines and cosines of the positions", sinusoidal_positions}};

}  // namespace

std::span<const LayerEntry> embedding_entries() {
  return entries;
}

}  // namespace xgrad::cli
