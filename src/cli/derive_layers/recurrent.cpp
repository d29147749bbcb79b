#include "xgrad/nn/recurrent.hpp"

#include <array>

#include "cli/derive_layers/groups.hpp"

namespace xgrad::cli {

namespace {

constexpr std::int64_t steps = 3;

// One step.
template <class Cell>
LayerCall cell(LayerInputs& inputs) {
  const NamedTensor x = inputs.variable("x", inputs.row(inputs.in));
  const NamedTensor h = inputs.variable("h0", inputs.row(inputs.out));
  const nn::CellOptions options{.dtype = inputs.dtype};
  const auto made = [&] {
    if constexpr (std::is_same_v<Cell, nn::RNNCell>) {
      return Cell{inputs.in, inputs.out, inputs.random, nn::Nonlinearity::tanh, options};
    } else {
      return Cell{inputs.in, inputs.out, inputs.random, options};
    }
  };
  const Cell layer = made();
  std::vector<NamedTensor> xs{x, h};
  const std::vector<NamedTensor> own = inputs.parameters(layer);
  xs.insert(xs.end(), own.begin(), own.end());
  if constexpr (std::is_same_v<Cell, nn::LSTMCell>) {
    const NamedTensor c = inputs.variable("c0", inputs.row(inputs.out));
    xs.push_back(c);
    return {std::move(xs), {"h", layer(x.tensor, {h.tensor, c.tensor}).h}};
  } else {
    return {std::move(xs), {"h", layer(x.tensor, h.tensor)}};
  }
}

// All steps of a sequence.
template <class L>
LayerCall sequence(LayerInputs& inputs) {
  const NamedTensor x = inputs.variable("x", inputs.batch({steps, inputs.in}, 1));
  const L layer{inputs.in, inputs.out, inputs.random, {.cell = {.dtype = inputs.dtype}}};
  std::vector<NamedTensor> xs{x};
  const std::vector<NamedTensor> own = inputs.parameters(layer);
  xs.insert(xs.end(), own.begin(), own.end());
  return {std::move(xs), {"y", layer(x.tensor)}};
}

constexpr std::array entries{
    LayerEntry{"RNNCell", "one step: tanh(W_ih x + b_ih + W_hh h + b_hh)", cell<nn::RNNCell>},
    LayerEntry{"LSTMCell", "one step: gates i, f, g, o, memory c, output h", cell<nn::LSTMCell>},
    LayerEntry{"GRUCell", "one step: gates r, z, n, output h", cell<nn::GRUCell>},
    LayerEntry{"RNN", "three steps of it", sequence<nn::RNN>},
    LayerEntry{"LSTM", "three steps of it", sequence<nn::LSTM>},
    LayerEntry{"GRU", "three steps of it", sequence<nn::GRU>}};

}  // namespace

std::span<const LayerEntry> recurrent_entries() {
  return entries;
}

}  // namespace xgrad::cli
