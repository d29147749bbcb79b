#include "xgrad/nn/attention.hpp"

#include <array>

#include "xgrad/creation.hpp"
#include "xgrad/nn/functional.hpp"
#include "xgrad/nn/transformer.hpp"
#include "xgrad/scope.hpp"

#include "cli/derive_layers/groups.hpp"

namespace xgrad::cli {

namespace {

// Of one head.
LayerCall attention(LayerInputs& inputs) {
  const NamedTensor q = inputs.variable("Q", inputs.of_samples({3, 4}, 1));
  const NamedTensor k = inputs.variable("K", inputs.of_samples({5, 4}, 1));
  const NamedTensor v = inputs.variable("V", inputs.of_samples({5, inputs.in}, 1));
  return {{q, k, v}, {"O", nn::attention(q.tensor, k.tensor, v.tensor)}};
}

LayerCall rotary(LayerInputs& inputs) {
  const NamedTensor x = inputs.variable("x", inputs.of_samples({3, 2 * inputs.in}, 1));
  const NamedTensor p = inputs.data("p", arange(0, 3, 1, int64));
  const Scope scope{"rotary_embedding", Scope::Role::layer};
  return {{x}, {"y", nn::rotary_embedding(x.tensor, p.tensor)}, {p}};
}

std::vector<NamedTensor> with_parameters(const std::vector<NamedTensor>& xs, const std::vector<NamedTensor>& own) {
  std::vector<NamedTensor> all = xs;
  all.insert(all.end(), own.begin(), own.end());
  return all;
}

// Two heads of `in` features.
LayerCall multi_head(LayerInputs& inputs) {
  const std::int64_t width = 2 * inputs.in;
  const NamedTensor x = inputs.variable("x", inputs.of_samples({3, width}, 1));
  const nn::MultiHeadAttention layer{width, 2, inputs.random, {.dtype = inputs.dtype}};
  const std::vector<NamedTensor> xs = with_parameters({x}, inputs.parameters(layer));
  return {xs, {"y", layer(x.tensor)}};
}

nn::TransformerOptions small(const LayerInputs& inputs) {
  return {.hidden = 2 * inputs.out, .dropout = 0, .dtype = inputs.dtype};
}

LayerCall encoder_layer(LayerInputs& inputs) {
  const std::int64_t width = 2 * inputs.in;
  const NamedTensor x = inputs.variable("x", inputs.of_samples({3, width}, 1));
  const nn::TransformerEncoderLayer layer{width, 2, inputs.random, small(inputs)};
  const std::vector<NamedTensor> xs = with_parameters({x}, inputs.parameters(layer));
  return {xs, {"y", layer(x.tensor)}};
}

LayerCall encoder(LayerInputs& inputs) {
  const std::int64_t width = 2 * inputs.in;
  const NamedTensor x = inputs.variable("x", inputs.of_samples({3, width}, 1));
  const nn::TransformerEncoder layer{2, width, 2, inputs.random, small(inputs)};
  const std::vector<NamedTensor> xs = with_parameters({x}, inputs.parameters(layer));
  return {xs, {"y", layer(x.tensor)}};
}

LayerCall decoder_layer(LayerInputs& inputs) {
  const std::int64_t width = 2 * inputs.in;
  const NamedTensor x = inputs.variable("x", inputs.of_samples({3, width}, 1));
  const NamedTensor memory = inputs.variable("m", inputs.of_samples({4, width}, 1));
  const nn::TransformerDecoderLayer layer{width, 2, inputs.random, small(inputs)};
  const std::vector<NamedTensor> xs = with_parameters({x, memory}, inputs.parameters(layer));
  return {xs, {"y", layer(x.tensor, memory.tensor)}};
}

LayerCall decoder(LayerInputs& inputs) {
  const std::int64_t width = 2 * inputs.in;
  const NamedTensor x = inputs.variable("x", inputs.of_samples({3, width}, 1));
  const NamedTensor memory = inputs.variable("m", inputs.of_samples({4, width}, 1));
  const nn::TransformerDecoder layer{2, width, 2, inputs.random, small(inputs)};
  const std::vector<NamedTensor> xs = with_parameters({x, memory}, inputs.parameters(layer));
  return {xs, {"y", layer(x.tensor, memory.tensor)}};
}

constexpr std::array entries{
    LayerEntry{"attention", "softmax(Q Kᵀ / √d) V, of one head", attention},
    LayerEntry{"rotary_embedding", "pairs of features turned by their position", rotary},
    LayerEntry{"MultiHeadAttention", "attention of x to itself in two heads", multi_head},
    LayerEntry{"TransformerEncoderLayer", "self-attention and two Dense, with residuals and norms", encoder_layer},
    LayerEntry{"TransformerEncoder", "two of these", encoder},
    LayerEntry{"TransformerDecoderLayer", "the same with attention to a memory m between", decoder_layer},
    LayerEntry{"TransformerDecoder", "two of these", decoder}};

}  // namespace

std::span<const LayerEntry> attention_entries() {
  return entries;
}

}  // namespace xgrad::cli
