#include <array>

#include "xgrad/nn/bilinear.hpp"
#include "xgrad/nn/layers.hpp"

#include "cli/derive_layers/groups.hpp"

namespace xgrad::cli {

namespace {

LayerCall dense(LayerInputs& inputs) {
  const NamedTensor x = inputs.variable("x", inputs.row(inputs.in));
  const nn::Dense layer{inputs.in, inputs.out, inputs.random, {.dtype = inputs.dtype}};
  const std::vector<NamedTensor> own{inputs.parameter("b", layer.b), inputs.parameter("W", layer.W)};
  return {{x, own[0], own[1]}, {"z", layer(x.tensor)}};
}

LayerCall bilinear(LayerInputs& inputs) {
  const NamedTensor u = inputs.variable("u", inputs.row(inputs.in));
  const NamedTensor v = inputs.variable("v", inputs.row(inputs.in));
  const nn::Bilinear layer{inputs.in, inputs.in, inputs.out, inputs.random, {.dtype = inputs.dtype}};
  const std::vector<NamedTensor> own{inputs.parameter("b", layer.bias), inputs.parameter("A", layer.weight)};
  return {{u, v, own[0], own[1]}, {"z", layer(u.tensor, v.tensor)}};
}

LayerCall cosine_similarity(LayerInputs& inputs) {
  const NamedTensor u = inputs.variable("u", inputs.row(inputs.in));
  const NamedTensor v = inputs.variable("v", inputs.row(inputs.in));
  return {{u, v}, {"s", nn::CosineSimilarity{.axis = -1}(u.tensor, v.tensor)}};
}

constexpr std::array entries{LayerEntry{"Dense", "W x + b", dense},
                             LayerEntry{"Bilinear", "uᵀ A_o v + b_o for each output o", bilinear},
                             LayerEntry{"CosineSimilarity", "uᵀ v / (‖u‖ ‖v‖)", cosine_similarity}};

}  // namespace

std::span<const LayerEntry> linear_entries() {
  return entries;
}

}  // namespace xgrad::cli
