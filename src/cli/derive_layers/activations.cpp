// Activations: of x, (in) or (N, in), element by element but for the last ones.
#include "xgrad/nn/activations.hpp"

#include <array>

#include "xgrad/nn/layers.hpp"

#include "cli/derive_layers/groups.hpp"

namespace xgrad::cli {

namespace {

LayerCall prelu(LayerInputs& inputs) {
  const NamedTensor x = inputs.variable("x", inputs.row(inputs.in));
  const nn::PReLU layer{1, {.dtype = inputs.dtype}};
  const NamedTensor slope = inputs.parameter("α", layer.weight);
  return {{x, slope}, {"a", layer(x.tensor)}};
}

// Halves of an even number of features.
template <class L>
LayerCall gated(LayerInputs& inputs) {
  const NamedTensor x = inputs.variable("x", inputs.row(2 * inputs.in));
  return {{x}, {"a", L{}(x.tensor)}};
}

constexpr std::array entries{
    LayerEntry{"Sigmoid", "σ(x)", elementwise<nn::Sigmoid>},
    LayerEntry{"Tanh", "tanh x", elementwise<nn::Tanh>},
    LayerEntry{"ReLU", "max(x, 0)", elementwise<nn::ReLU>},
    LayerEntry{"ReLU6", "min(max(x, 0), 6)", elementwise<nn::ReLU6>},
    LayerEntry{"LeakyReLU", "x where x > 0, else 0.01 x", elementwise<nn::LeakyReLU>},
    LayerEntry{"PReLU", "x where x > 0, else α x, whose slope α is learned", prelu},
    LayerEntry{"ELU", "x where x > 0, else eˣ − 1", elementwise<nn::ELU>},
    LayerEntry{"SELU", "λ elu(x; α), with the constants of self-normalising networks", elementwise<nn::SELU>},
    LayerEntry{"CELU", "x where x > 0, else α (e^(x/α) − 1)", elementwise<nn::CELU>},
    LayerEntry{"GELU", "x Φ(x)", elementwise<nn::GELU>},
    LayerEntry{"SiLU", "x σ(x)", elementwise<nn::SiLU>},
    LayerEntry{"Mish", "x tanh(softplus(x))", elementwise<nn::Mish>},
    LayerEntry{"Softplus", "log(1 + eˣ)", elementwise<nn::Softplus>},
    LayerEntry{"LogSigmoid", "log σ(x)", elementwise<nn::LogSigmoid>},
    LayerEntry{"Softsign", "x / (1 + |x|)", elementwise<nn::Softsign>},
    LayerEntry{"Tanhshrink", "x − tanh x", elementwise<nn::Tanhshrink>},
    LayerEntry{"Hardtanh", "min(max(x, −1), 1)", elementwise<nn::Hardtanh>},
    LayerEntry{"Hardsigmoid", "relu6(x + 3) / 6", elementwise<nn::Hardsigmoid>},
    LayerEntry{"Hardswish", "x relu6(x + 3) / 6", elementwise<nn::Hardswish>},
    LayerEntry{"Hardshrink", "0 where −½ ≤ x ≤ ½, else x", elementwise<nn::Hardshrink>},
    LayerEntry{"Softshrink", "x moved by ½ towards 0, and 0 where −½ ≤ x ≤ ½", elementwise<nn::Softshrink>},
    LayerEntry{"Softmax", "eˣ / Σ eˣ", elementwise<nn::Softmax>},
    LayerEntry{"Softmin", "softmax(−x)", elementwise<nn::Softmin>},
    LayerEntry{"LogSoftmax", "log softmax(x)", elementwise<nn::LogSoftmax>},
    LayerEntry{"GLU", "u ⊙ σ(v) of the halves u, v of x", gated<nn::GLU>},
    LayerEntry{"SwiGLU", "silu(u) ⊙ v of the halves u, v of x", gated<nn::SwiGLU>}};

}  // namespace

std::span<const LayerEntry> activation_entries() {
  return entries;
}

}  // namespace xgrad::cli
