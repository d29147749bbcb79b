#include "xgrad/nn/containers.hpp"

#include <array>

#include "xgrad/math.hpp"
#include "xgrad/nn/layers.hpp"
#include "xgrad/nn/reparametrization.hpp"
#include "xgrad/nn/sequential.hpp"

#include "cli/derive_layers/groups.hpp"

namespace xgrad::cli {

namespace {

nn::Dense dense(LayerInputs& inputs, std::int64_t in, std::int64_t out) {
  return nn::Dense{in, out, inputs.random, {.dtype = inputs.dtype}};
}

LayerCall lambda(LayerInputs& inputs) {
  const NamedTensor x = inputs.variable("x", inputs.row(inputs.in));
  const nn::Lambda layer{[](const Tensor& each) { return square(each); }};
  return {{x}, {"y", layer(x.tensor)}};
}

LayerCall sequential(LayerInputs& inputs) {
  const NamedTensor x = inputs.variable("x", inputs.row(inputs.in));
  const nn::Dense first = dense(inputs, inputs.in, inputs.out);
  const nn::Dense second = dense(inputs, inputs.out, inputs.in);
  const nn::Sequential layer{first, nn::Tanh{}, second};
  const std::vector<NamedTensor> xs{x, inputs.parameter("b", first.b), inputs.parameter("W", first.W),
                                    inputs.parameter("b", second.b), inputs.parameter("W", second.W)};
  return {xs, {"y", layer(x.tensor)}};
}

LayerCall residual(LayerInputs& inputs) {
  const NamedTensor x = inputs.variable("x", inputs.row(inputs.in));
  const nn::Dense inner = dense(inputs, inputs.in, inputs.in);
  const std::vector<NamedTensor> xs{x, inputs.parameter("b", inner.b), inputs.parameter("W", inner.W)};
  return {xs, {"y", nn::Residual{inner}(x.tensor)}};
}

LayerCall parallel(LayerInputs& inputs) {
  const NamedTensor x = inputs.variable("x", inputs.row(inputs.in));
  const nn::Dense first = dense(inputs, inputs.in, inputs.out);
  const nn::Dense second = dense(inputs, inputs.in, inputs.out);
  const std::vector<NamedTensor> xs{x, inputs.parameter("b", first.b), inputs.parameter("W", first.W),
                                    inputs.parameter("b", second.b), inputs.parameter("W", second.W)};
  return {xs, {"y", nn::Parallel{{first, second}}(x.tensor)}};
}

LayerCall weight_norm(LayerInputs& inputs) {
  const NamedTensor x = inputs.variable("x", inputs.row(inputs.in));
  const nn::Dense inner = dense(inputs, inputs.in, inputs.out);
  const nn::WeightNorm layer{inner};
  const std::vector<NamedTensor> xs{x, inputs.parameter("b", inner.b), inputs.parameter("V", inner.W),
                                    inputs.parameter("g", layer.g)};
  return {xs, {"z", layer(x.tensor)}};
}

LayerCall spectral_norm(LayerInputs& inputs) {
  const NamedTensor x = inputs.variable("x", inputs.row(inputs.in));
  const nn::Dense inner = dense(inputs, inputs.in, inputs.out);
  const std::vector<NamedTensor> xs{x, inputs.parameter("b", inner.b), inputs.parameter("W", inner.W)};
  const nn::SpectralNorm layer{inner, inputs.random};
  return {xs, {"z", layer(x.tensor)}};
}

constexpr std::array entries{
    LayerEntry{"Identity", "x", elementwise<nn::Identity>},
    LayerEntry{"Lambda", "a function of x, here x²", lambda},
    LayerEntry{"Sequential", "layers one after the other, here two Dense with tanh between", sequential},
    LayerEntry{"Residual", "x + f(x), here of a Dense f", residual},
    LayerEntry{"Parallel", "f(x) + g(x), here of two Dense", parallel},
    LayerEntry{"WeightNorm", "a layer with the weight g v / ‖v‖, here a Dense", weight_norm},
    LayerEntry{"SpectralNorm", "a layer with the weight W / σ, here a Dense", spectral_norm}};

}  // namespace

std::span<const LayerEntry> container_entries() {
  return entries;
}

}  // namespace xgrad::cli
