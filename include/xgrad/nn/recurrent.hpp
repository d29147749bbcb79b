#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "xgrad/dtype.hpp"
#include "xgrad/export.hpp"
#include "xgrad/nn/dropout.hpp"
#include "xgrad/nn/initializers.hpp"
#include "xgrad/nn/mode.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/random.hpp"
#include "xgrad/state.hpp"
#include "xgrad/tensor.hpp"

/// Recurrent networks: cells, which take one step, and layers, which take all steps of a batch of sequences. Weights
/// have PyTorch's shapes, names and order of gates, so that they carry over.
namespace xgrad::nn {

struct CellOptions {
  bool use_bias = true;
  /// Per gate: a weight (hidden, in), and one (hidden, hidden), whose powers neither grow nor shrink (Saxe et al., ICLR
  /// 2014).
  Initializer weight_ih = init::glorot;
  Initializer weight_hh = init::orthogonal();
  /// What an LSTM's forget gate starts with: 1, so that it remembers (Jozefowicz et al., ICML 2015); PyTorch has a
  /// random number near 0. All other biases start with 0.
  double forget_bias = 1;
  DType dtype = float32;
};

enum class Nonlinearity : std::uint8_t { tanh, relu };

/// h′ = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu (Elman, Cognitive Science 14, 1990).
class XGRAD_API RNNCell {
 public:
  Parameter weight_ih;  ///< (hidden, in)
  Parameter weight_hh;  ///< (hidden, hidden)
  Parameter bias_ih;    ///< (hidden); undefined without bias
  Parameter bias_hh;    ///< (hidden); likewise
  Nonlinearity nonlinearity;
  static constexpr std::array<std::string_view, 5> field_names{"weight_ih", "weight_hh", "bias_ih", "bias_hh",
                                                               "nonlinearity"};

  /// Throws ValueError unless both widths are positive.
  RNNCell(std::int64_t in, std::int64_t hidden, Random& random, Nonlinearity function = Nonlinearity::tanh,
          const CellOptions& options = {});

  /// x (in) or (N, in), h (hidden) or (N, hidden); h′ of h's shape. Throws ShapeError.
  [[nodiscard]] Tensor operator()(const Tensor& x, const Tensor& h) const;

  using Carry = Tensor;
  /// The share of the inputs in a step, of any number of inputs at once: W_ih x + b_ih for x (…, in).
  [[nodiscard]] Tensor project(const Tensor& x) const;
  /// A step from that.
  [[nodiscard]] Carry step(const Tensor& projected, const Carry& carry) const;
  /// Zeros for a batch.
  [[nodiscard]] Carry initial(std::int64_t batch) const;
  [[nodiscard]] std::int64_t in() const { return weight_ih.shape()[1]; }
  [[nodiscard]] std::int64_t hidden() const { return weight_hh.shape()[1]; }
};

/// What an LSTM carries from step to step.
struct LSTMCarry {
  Tensor h;  ///< (hidden) or (N, hidden): the output
  Tensor c;  ///< the same: the memory
};

/// Long short-term memory (Hochreiter and Schmidhuber, Neural Computation 9, 1997) with a forget gate (Gers et al.,
/// 2000):
///
///   i, f, o = σ(z_i), σ(z_f), σ(z_o)   g = tanh(z_g)   z = W_ih x + b_ih + W_hh h + b_hh, gates in the order i f g o
///   c′ = f ⊙ c + i ⊙ g                 h′ = o ⊙ tanh(c′)
class XGRAD_API LSTMCell {
 public:
  Parameter weight_ih;  ///< (4 hidden, in)
  Parameter weight_hh;  ///< (4 hidden, hidden)
  Parameter bias_ih;    ///< (4 hidden); undefined without bias
  Parameter bias_hh;    ///< (4 hidden); likewise
  static constexpr std::array<std::string_view, 4> field_names{"weight_ih", "weight_hh", "bias_ih", "bias_hh"};

  /// Throws ValueError unless both widths are positive.
  LSTMCell(std::int64_t in, std::int64_t hidden, Random& random, const CellOptions& options = {});

  /// x (in) or (N, in); h and c (hidden) or (N, hidden). Throws ShapeError.
  [[nodiscard]] LSTMCarry operator()(const Tensor& x, const LSTMCarry& carry) const;

  using Carry = LSTMCarry;
  [[nodiscard]] Tensor project(const Tensor& x) const;
  [[nodiscard]] Carry step(const Tensor& projected, const Carry& carry) const;
  [[nodiscard]] Carry initial(std::int64_t batch) const;
  [[nodiscard]] std::int64_t in() const { return weight_ih.shape()[1]; }
  [[nodiscard]] std::int64_t hidden() const { return weight_hh.shape()[1]; }
};

/// Gated recurrent unit (Cho et al., EMNLP 2014), with the reset gate behind the product, as cuDNN and PyTorch have it:
///
///   r, z = σ(W_ih x + b_ih + W_hh h + b_hh), its parts r and z
///   n = tanh(W_in x + b_in + r ⊙ (W_hn h + b_hn))
///   h′ = (1 − z) ⊙ n + z ⊙ h           gates in the order r z n
class XGRAD_API GRUCell {
 public:
  Parameter weight_ih;  ///< (3 hidden, in)
  Parameter weight_hh;  ///< (3 hidden, hidden)
  Parameter bias_ih;    ///< (3 hidden); undefined without bias
  Parameter bias_hh;    ///< (3 hidden); likewise
  static constexpr std::array<std::string_view, 4> field_names{"weight_ih", "weight_hh", "bias_ih", "bias_hh"};

  /// Throws ValueError unless both widths are positive.
  GRUCell(std::int64_t in, std::int64_t hidden, Random& random, const CellOptions& options = {});

  /// x (in) or (N, in), h (hidden) or (N, hidden). Throws ShapeError.
  [[nodiscard]] Tensor operator()(const Tensor& x, const Tensor& h) const;

  using Carry = Tensor;
  [[nodiscard]] Tensor project(const Tensor& x) const;
  [[nodiscard]] Carry step(const Tensor& projected, const Carry& carry) const;
  [[nodiscard]] Carry initial(std::int64_t batch) const;
  [[nodiscard]] std::int64_t in() const { return weight_ih.shape()[1]; }
  [[nodiscard]] std::int64_t hidden() const { return weight_hh.shape()[1]; }
};

struct RecurrentOptions {
  std::int64_t layers = 1;
  bool bidirectional = false;
  /// Sequences are (N, T, features); (T, N, features) if false, which is PyTorch's default.
  bool batch_first = true;
  double dropout = 0;                              ///< of the outputs of every layer but the last, in training
  Nonlinearity nonlinearity = Nonlinearity::tanh;  ///< of RNN
  /// Up to so many steps are written out: a derivation shows every one. More are one scan(), whose planning and memory
  /// don't grow with their number but for the carries.
  std::int64_t written_out = 16;
  CellOptions cell = {};
};

/// What all steps of a batch of sequences give. `carry` is the last one of every layer and direction, layer by layer,
/// forward before backward: (layers · directions, N, hidden).
template <class Carry>
struct Sequences {
  Tensor output;  ///< of the last layer: (N, T, hidden · directions), or (T, N, …); forward's features first
  Carry carry;
};

/// Layers of recurrent cells, each of which runs over the outputs of the one before. A sequence may be shorter than the
/// others of its batch: with `lengths` (N), int64, its outputs behind its end are 0, its last carry is that of its own
/// last step, and backward starts there. A length outside [0, T] is a ValueError at evaluation.
///
/// `cells[layer · directions + direction]`: PyTorch's weight_ih_l1_reverse is cells[3].weight_ih of two directions.
template <class Cell>
class XGRAD_API Recurrent {
 public:
  using Carry = typename Cell::Carry;
  std::vector<Cell> cells;
  std::vector<Dropout> dropouts;  ///< between layers; empty without dropout
  bool bidirectional;
  bool batch_first;
  std::int64_t written_out;
  static constexpr std::array<std::string_view, 5> field_names{"cells", "dropouts", "bidirectional", "batch_first",
                                                               "written_out"};

  /// Throws ValueError unless widths and layers are positive and dropout lies in [0, 1].
  Recurrent(std::int64_t in, std::int64_t hidden, Random& random, const RecurrentOptions& options = {});

  /// The outputs alone, from a carry of zeros.
  [[nodiscard]] Tensor operator()(const Tensor& x) const { return run(x, {}, {}).output; }
  /// From `initial`, or zeros if its tensors are undefined; `lengths` may be undefined. Throws ShapeError, and
  /// ValueError for no steps.
  [[nodiscard]] Sequences<Carry> run(const Tensor& x, const Carry& initial, const Tensor& lengths = {}) const;
  /// Zeros for a batch, as `run` takes them: (layers · directions, N, hidden).
  [[nodiscard]] Carry initial(std::int64_t batch) const;
};

using RNN = Recurrent<RNNCell>;
using LSTM = Recurrent<LSTMCell>;
using GRU = Recurrent<GRUCell>;

extern template class Recurrent<RNNCell>;
extern template class Recurrent<LSTMCell>;
extern template class Recurrent<GRUCell>;

}  // namespace xgrad::nn
