#include "xgrad/nn/recurrent.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <string>
#include <tuple>
#include <utility>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/reduce.hpp"
#include "xgrad/scan.hpp"
#include "xgrad/scope.hpp"

#include "nn/defined.hpp"

namespace xgrad::nn {

namespace {

/// The gates' weights and biases below one another.
struct GateParameters {
  Parameter weight_ih;
  Parameter weight_hh;
  Parameter bias_ih;
  Parameter bias_hh;
};

Tensor drawn(const char* cell, const Initializer& initializer, const Shape& shape, DType dtype, Random& random) {
  if (!initializer) {
    throw ValueError(fmt::format("[{}] has an empty initializer for a weight {}", cell, to_string(shape)));
  }
  Tensor value = initializer(shape, dtype, random);
  if (!value.defined() || value.shape() != shape || value.dtype() != dtype) {
    throw ValueError(fmt::format("[{}] the initializer of a gate's weight gave {}; expected {} of {}", cell,
                                 value.defined() ? to_string(value.shape()) : "an undefined Tensor", to_string(shape),
                                 to_string(dtype)));
  }
  return value;
}

// `forget` is the gate whose bias starts with options.forget_bias; none if there is none of this number.
GateParameters gate_parameters(const char* cell, std::int64_t gates, std::int64_t in, std::int64_t hidden,
                               Random& random, const CellOptions& options, std::int64_t forget = -1) {
  if (in <= 0 || hidden <= 0) {
    throw ValueError(fmt::format("[{}] from {} features to {}; both must be positive", cell, in, hidden));
  }
  if (!is_floating(options.dtype)) {
    throw DTypeError(fmt::format("[{}] of {}; expected float32 or float64", cell, to_string(options.dtype)));
  }
  std::vector<Tensor> of_input;
  std::vector<Tensor> of_carry;
  std::vector<Tensor> biases;
  for (std::int64_t gate = 0; gate < gates; ++gate) {
    of_input.push_back(drawn(cell, options.weight_ih, {hidden, in}, options.dtype, random));
    of_carry.push_back(drawn(cell, options.weight_hh, {hidden, hidden}, options.dtype, random));
    biases.push_back(full({hidden}, gate == forget ? options.forget_bias : 0, options.dtype));
  }
  GateParameters result;
  result.weight_ih = Parameter{concatenate(of_input), "weight_ih"};
  result.weight_hh = Parameter{concatenate(of_carry), "weight_hh"};
  if (options.use_bias) {
    result.bias_ih = Parameter{concatenate(biases), "bias_ih"};
    result.bias_hh = Parameter{zeros({gates * hidden}, options.dtype), "bias_hh"};
  }
  return result;
}

// W x of one x, x Wᵀ of a batch.
Tensor times(const Tensor& x, const Parameter& weight) {
  return x.rank() == 1 ? matmul(weight, x) : matmul(x, transpose(weight));
}

Tensor with_bias(const Tensor& z, const Parameter& bias) {
  return bias.defined() ? z + bias : z;
}

// What doesn't depend on the order of the steps is added at once.
Tensor projected(const Tensor& x, const Parameter& weight, const Parameter& bias, const Parameter& second_bias = {}) {
  const Tensor z = times(x, weight);
  return second_bias.defined() ? z + (bias + second_bias) : with_bias(z, bias);
}

template <class Cell>
void require_fitting(const char* name, const Cell& cell, const Tensor& x, const Tensor& carry, const char* carried) {
  require_defined(name, "input", x);
  require_defined(name, carried, carry);
  if ((x.rank() != 1 && x.rank() != 2) || x.dim(-1) != cell.in()) {
    throw ShapeError(
        fmt::format("[{}] takes ({}) or (N, {}), not {}", name, cell.in(), cell.in(), to_string(x.shape())));
  }
  const Shape expected = x.rank() == 1 ? Shape{cell.hidden()} : Shape{x.dim(0), cell.hidden()};
  if (carry.shape() != expected) {
    throw ShapeError(fmt::format("[{}] with an input {}, {} is {}, not {}", name, to_string(x.shape()), carried,
                                 to_string(expected), to_string(carry.shape())));
  }
}

Tensor zeros_of(std::int64_t batch, const Parameter& weight_hh) {
  return zeros({batch, weight_hh.shape()[1]}, weight_hh.dtype());
}

}  // namespace

RNNCell::RNNCell(std::int64_t in, std::int64_t hidden, Random& random, Nonlinearity function,
                 const CellOptions& options)
    : nonlinearity{function} {
  GateParameters made = gate_parameters("RNNCell", 1, in, hidden, random, options);
  weight_ih = made.weight_ih;
  weight_hh = made.weight_hh;
  bias_ih = made.bias_ih;
  bias_hh = made.bias_hh;
}

Tensor RNNCell::operator()(const Tensor& x, const Tensor& h) const {
  const Scope scope{"RNNCell", Scope::Role::layer};
  require_fitting("RNNCell", *this, x, h, "h");
  return step(project(x), h);
}

Tensor RNNCell::project(const Tensor& x) const {
  return projected(x, weight_ih, bias_ih, bias_hh);
}

Tensor RNNCell::step(const Tensor& projected, const Tensor& carry) const {
  const Tensor z = (projected + times(carry, weight_hh)).named("z");
  return (nonlinearity == Nonlinearity::tanh ? tanh(z) : relu(z)).named("h");
}

Tensor RNNCell::initial(std::int64_t batch) const {
  return zeros_of(batch, weight_hh);
}

LSTMCell::LSTMCell(std::int64_t in, std::int64_t hidden, Random& random, const CellOptions& options) {
  GateParameters made = gate_parameters("LSTMCell", 4, in, hidden, random, options, 1);
  weight_ih = made.weight_ih;
  weight_hh = made.weight_hh;
  bias_ih = made.bias_ih;
  bias_hh = made.bias_hh;
}

LSTMCarry LSTMCell::operator()(const Tensor& x, const LSTMCarry& carry) const {
  const Scope scope{"LSTMCell", Scope::Role::layer};
  require_fitting("LSTMCell", *this, x, carry.h, "h");
  require_fitting("LSTMCell", *this, x, carry.c, "c");
  return step(project(x), carry);
}

Tensor LSTMCell::project(const Tensor& x) const {
  return projected(x, weight_ih, bias_ih, bias_hh);
}

LSTMCarry LSTMCell::step(const Tensor& projected, const LSTMCarry& carry) const {
  const std::vector<Tensor> z = split((projected + times(carry.h, weight_hh)).named("z"), 4, -1);
  const Tensor i = sigmoid(z[0].named("z_i")).named("i");
  const Tensor f = sigmoid(z[1].named("z_f")).named("f");
  const Tensor g = tanh(z[2].named("z_g")).named("g");
  const Tensor o = sigmoid(z[3].named("z_o")).named("o");
  const Tensor c = (f * carry.c + i * g).named("c");
  return {(o * tanh(c)).named("h"), c};
}

LSTMCarry LSTMCell::initial(std::int64_t batch) const {
  return {zeros_of(batch, weight_hh), zeros_of(batch, weight_hh)};
}

GRUCell::GRUCell(std::int64_t in, std::int64_t hidden, Random& random, const CellOptions& options) {
  GateParameters made = gate_parameters("GRUCell", 3, in, hidden, random, options);
  weight_ih = made.weight_ih;
  weight_hh = made.weight_hh;
  bias_ih = made.bias_ih;
  bias_hh = made.bias_hh;
}

Tensor GRUCell::operator()(const Tensor& x, const Tensor& h) const {
  const Scope scope{"GRUCell", Scope::Role::layer};
  require_fitting("GRUCell", *this, x, h, "h");
  return step(project(x), h);
}

Tensor GRUCell::project(const Tensor& x) const {
  return projected(x, weight_ih, bias_ih).named("p");
}

Tensor GRUCell::step(const Tensor& projected, const Tensor& carry) const {
  const std::vector<Tensor> of_input = split(projected, 3, -1);
  const std::vector<Tensor> of_carry = split(with_bias(times(carry, weight_hh), bias_hh).named("q"), 3, -1);
  const Tensor r = sigmoid((of_input[0] + of_carry[0]).named("a_r")).named("r");
  const Tensor z = sigmoid((of_input[1] + of_carry[1]).named("a_z")).named("z");
  const Tensor n = tanh((of_input[2] + r * of_carry[2].named("q_n")).named("a_n")).named("n");
  return ((1 - z) * n + z * carry).named("h");
}

Tensor GRUCell::initial(std::int64_t batch) const {
  return zeros_of(batch, weight_hh);
}

namespace {

// Carries as lists of tensors, of which h comes first.
std::vector<Tensor> parts(const Tensor& carry) {
  return {carry};
}
std::vector<Tensor> parts(const LSTMCarry& carry) {
  return {carry.h, carry.c};
}
void assign(Tensor& carry, const std::vector<Tensor>& values) {
  carry = values[0];
}
void assign(LSTMCarry& carry, const std::vector<Tensor>& values) {
  carry = {values[0], values[1]};
}

template <class Carry, class Function>
[[nodiscard]] Carry mapped(const std::vector<Carry>& carries, const Function& function) {
  std::vector<Tensor> results;
  for (std::size_t part = 0; part < parts(carries[0]).size(); ++part) {
    std::vector<Tensor> same;
    std::transform(carries.begin(), carries.end(), std::back_inserter(same),
                   [part](const Carry& carry) { return parts(carry)[part]; });
    results.push_back(function(same));
  }
  Carry result;
  assign(result, results);
  return result;
}

template <class Cell>
constexpr const char* name_of = "RNN";
template <>
constexpr const char* name_of<LSTMCell> = "LSTM";
template <>
constexpr const char* name_of<GRUCell> = "GRU";

template <class Cell>
Cell cell_of(std::int64_t in, std::int64_t hidden, Random& random, const RecurrentOptions& options) {
  if constexpr (std::is_same_v<Cell, RNNCell>) {
    return RNNCell{in, hidden, random, options.nonlinearity, options.cell};
  } else {
    return Cell{in, hidden, random, options.cell};
  }
}

// (N, T): whether the step belongs to the sequence. one_hot says so if a length lies outside of [0, T].
Tensor alive(const Tensor& lengths, std::int64_t steps) {
  const Tensor ends = one_hot(lengths, steps + 1);
  return slice(cumsum(ends, -1, true), {.start = 1}, -1) > 0;
}

/// All steps of one layer in one direction.
template <class Cell>
class Pass {
 public:
  using Carry = typename Cell::Carry;

  /// x (N, T, in); `alive` (N, T), or undefined if all steps are.
  Pass(const Cell& cell, const Tensor& x, const Tensor& alive, bool backward)
      : cell_{cell}, projected_{cell.project(x).named("p")}, alive_{alive}, backward_{backward} {}

  /// The outputs (N, T, hidden), and the last carry.
  Sequences<Carry> written_out(Carry carry) const {
    const std::int64_t steps = projected_.dim(1);
    std::vector<Tensor> outputs(static_cast<std::size_t>(steps));
    for (std::int64_t k = 0; k < steps; ++k) {
      const std::int64_t t = backward_ ? steps - 1 - k : k;
      const Scope scope{fmt::format("t{}", t)};
      const Tensor alive = alive_.defined() ? alive_.at({all, t}) : Tensor{};
      std::tie(carry, outputs[static_cast<std::size_t>(t)]) = step(projected_.at({all, t}), alive, carry);
    }
    return {stack(outputs, 1), carry};
  }

  /// The same as one loop.
  Sequences<Carry> scanned(const Carry& carry) const {
    std::vector<Tensor> sequences{permute(projected_, {1, 0, 2})};
    if (alive_.defined()) {
      sequences.push_back(transpose(alive_));
    }
    const ScanFunction one = [this](const std::vector<Tensor>& carried, const std::vector<Tensor>& xs) {
      Carry now;
      assign(now, carried);
      auto [next, output] = step(xs[0], alive_.defined() ? xs[1] : Tensor{}, now);
      return ScanStep{parts(next), {output}};
    };
    const Scanned result = scan(one, parts(carry), sequences, {.reverse = backward_});
    Carry last;
    assign(last, result.carry);
    return {permute(result.outputs[0], {1, 0, 2}), last};
  }

 private:
  // The next carry and the output. A sequence that has ended, or hasn't begun, keeps its carry.
  [[nodiscard]] std::pair<Carry, Tensor> step(const Tensor& projected, const Tensor& alive, const Carry& carry) const {
    const Carry next = cell_.step(projected, carry);
    const Tensor h = parts(next)[0];
    if (!alive.defined()) {
      return {next, h};
    }
    const Tensor column = expand_dims(alive, -1);
    return {mapped(std::vector<Carry>{next, carry},
                   [&](const std::vector<Tensor>& both) { return where(column, both[0], both[1]); }),
            where(column, h, 0.0)};
  }

  const Cell& cell_;
  Tensor projected_;
  Tensor alive_;
  bool backward_;
};

template <class Carry>
bool is_defined(const Carry& carry) {
  const std::vector<Tensor> all_parts = parts(carry);
  return std::any_of(all_parts.begin(), all_parts.end(), [](const Tensor& part) { return part.defined(); });
}

}  // namespace

template <class Cell>
Recurrent<Cell>::Recurrent(std::int64_t in, std::int64_t hidden, Random& random, const RecurrentOptions& options)
    : bidirectional{options.bidirectional}, batch_first{options.batch_first}, written_out{options.written_out} {
  if (options.layers <= 0) {
    throw ValueError(fmt::format("[{}] of {} layers; expected one or more", name_of<Cell>, options.layers));
  }
  const std::int64_t directions = bidirectional ? 2 : 1;
  for (std::int64_t layer = 0; layer < options.layers; ++layer) {
    for (std::int64_t direction = 0; direction < directions; ++direction) {
      cells.push_back(cell_of<Cell>(layer == 0 ? in : directions * hidden, hidden, random, options));
    }
    if (options.dropout != 0 && layer + 1 < options.layers) {
      dropouts.emplace_back(options.dropout, random);
    }
  }
}

template <class Cell>
Sequences<typename Cell::Carry> Recurrent<Cell>::run(const Tensor& x, const Carry& initial,
                                                     const Tensor& lengths) const {
  const char* const name = name_of<Cell>;
  const Scope scope{name, Scope::Role::layer};
  require_defined(name, "input", x);
  if (x.rank() != 3 || x.dim(-1) != cells[0].in()) {
    throw ShapeError(fmt::format("[{}] takes {}, {}), not {}", name, batch_first ? "(N, T" : "(T, N", cells[0].in(),
                                 to_string(x.shape())));
  }
  Tensor sequence = batch_first ? x : permute(x, {1, 0, 2});
  const std::int64_t batch = sequence.dim(0);
  const std::int64_t steps = sequence.dim(1);
  if (steps == 0) {
    throw ValueError(fmt::format("[{}] of {}: no steps", name, to_string(x.shape())));
  }
  if (lengths.defined() && (lengths.shape() != Shape{batch} || lengths.dtype() != int64)) {
    throw ShapeError(fmt::format("[{}] the lengths of {} are int64 ({},), not {} {}", name, to_string(x.shape()), batch,
                                 to_string(lengths.dtype()), to_string(lengths.shape())));
  }
  const bool given = is_defined(initial);
  const Shape carried{static_cast<std::int64_t>(cells.size()), batch, cells[0].hidden()};
  for (const Tensor& part : given ? parts(initial) : std::vector<Tensor>{}) {
    require_defined(name, "initial carry", part);
    if (part.shape() != carried) {
      throw ShapeError(fmt::format("[{}] the initial carry of {} is {}, not {}", name, to_string(x.shape()),
                                   to_string(carried), to_string(part.shape())));
    }
  }
  const Tensor mask = lengths.defined() ? alive(lengths, steps) : Tensor{};
  const std::size_t directions = bidirectional ? 2 : 1;
  std::vector<Carry> last;
  for (std::size_t first = 0; first < cells.size(); first += directions) {
    const std::size_t layer = first / directions;
    const Scope layer_scope{std::to_string(layer)};
    std::vector<Tensor> outputs;
    for (std::size_t direction = 0; direction < directions; ++direction) {
      const std::size_t i = first + direction;
      const Carry start =
          given ? mapped(std::vector<Carry>{initial},
                         [&](const std::vector<Tensor>& one) { return one[0].at({static_cast<std::int64_t>(i)}); })
                : cells[i].initial(batch);
      const Scope direction_scope{direction == 0 ? "forward" : "backward"};
      const Pass<Cell> pass{cells[i], sequence, mask, direction == 1};
      auto result = steps <= written_out ? pass.written_out(start) : pass.scanned(start);
      outputs.push_back(result.output);
      last.push_back(std::move(result.carry));
    }
    sequence = bidirectional ? concatenate(outputs, -1) : outputs[0];
    if (layer < dropouts.size()) {
      sequence = dropouts[layer](sequence);
    }
  }
  return {batch_first ? sequence : permute(sequence, {1, 0, 2}),
          mapped(last, [](const std::vector<Tensor>& all_cells) { return stack(all_cells); })};
}

template <class Cell>
typename Cell::Carry Recurrent<Cell>::initial(std::int64_t batch) const {
  return mapped(std::vector<Carry>(cells.size(), cells[0].initial(batch)),
                [](const std::vector<Tensor>& all_cells) { return stack(all_cells); });
}

template class Recurrent<RNNCell>;
template class Recurrent<LSTMCell>;
template class Recurrent<GRUCell>;

}  // namespace xgrad::nn
