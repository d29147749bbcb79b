// LSTM and GRU by hand beside nn's, three ways, by backpropagation through time.
#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/manual_layer.hpp"
#include "support/message_of.hpp"

namespace xg = xgrad;
using xg::float32;
using xg::float64;
using xg::Shape;
using xg::Tensor;
namespace manual = xg::check::manual;
using namespace xgrad::test;

namespace {

struct Sizes {
  std::int64_t samples = 3;
  std::int64_t steps = 4;
  std::int64_t in = 2;
  std::int64_t hidden = 3;
};

Tensor value_or_nothing(const xg::Parameter& parameter) {
  return parameter.defined() ? parameter.value() : Tensor{};
}

template <class Cell>
manual::CellParameters values_of(const Cell& cell) {
  return {cell.weight_ih, cell.weight_hh, value_or_nothing(cell.bias_ih), value_or_nothing(cell.bias_hh)};
}

void append(std::vector<Tensor>& gradients, const manual::CellParameters& of) {
  for (const Tensor& gradient : {of.weight_ih, of.weight_hh, of.bias_ih, of.bias_hh}) {
    if (gradient.defined()) {
      gradients.push_back(gradient);
    }
  }
}

template <class Layer>
void draw_biases(const Layer& layer, xg::Random& random) {
  for (const auto& cell : layer.cells) {
    for (const xg::Parameter* bias : {&cell.bias_ih, &cell.bias_hh}) {
      if (bias->defined()) {
        bias->set(random.normal(bias->shape(), 0, 1, bias->dtype()));
      }
    }
  }
}

/// What the loss sees: the outputs beside the last carry, all in one row per sample.
Tensor in_rows(const Tensor& y, const std::vector<Tensor>& carries) {
  std::vector<Tensor> parts{xg::reshape(y, {y.dim(0), y.dim(1) * y.dim(2)})};
  parts.insert(parts.end(), carries.begin(), carries.end());
  return xg::concatenate(parts, 1);
}

/// Its parts again.
struct Rows {
  Tensor y, h, c;
};
Rows parts_of(const Tensor& rows, const Sizes& s) {
  const std::vector<Tensor> parts =
      xg::split(rows, {s.steps * s.hidden, s.hidden, rows.dim(1) - s.steps * s.hidden - s.hidden}, 1);
  return {xg::reshape(parts[0], {s.samples, s.steps, s.hidden}), parts[1], parts[2]};
}

std::vector<xg::NamedTensor> drawn_inputs(const Sizes& s, xg::DType dtype, bool has_c, xg::Random& random) {
  std::vector<xg::NamedTensor> inputs{{"x", random.normal({s.samples, s.steps, s.in}, 0, 1, dtype).eval()},
                                      {"h0", random.normal({s.samples, s.hidden}, 0, 1, dtype).eval()}};
  if (has_c) {
    inputs.push_back({"c0", random.normal({s.samples, s.hidden}, 0, 1, dtype).eval()});
  }
  return inputs;
}

ManualLayer lstm(const Sizes& s, xg::DType dtype, const xg::nn::RecurrentOptions& given = {},
                 const Tensor& lengths = {}) {
  xg::Random random{4};
  xg::nn::RecurrentOptions options = given;
  options.cell.dtype = dtype;
  const xg::nn::LSTM layer{s.in, s.hidden, random, options};
  draw_biases(layer, random);
  return {[layer, lengths](const std::vector<Tensor>& in) {
            const auto result = layer.run(in[0], {xg::expand_dims(in[1], 0), xg::expand_dims(in[2], 0)}, lengths);
            return in_rows(result.output, {result.carry.h.at({0}), result.carry.c.at({0})});
          },
          drawn_inputs(s, dtype, true, random), xg::nn::parameters(layer),
          [layer, lengths, s](const std::vector<Tensor>& in, const Tensor& dy) {
            const Rows d = parts_of(dy, s);
            const auto hand = manual::lstm(in[0], values_of(layer.cells[0]), in[1], in[2],
                                           {.y = d.y, .h = d.h, .c = d.c}, {.reverse = false, .lengths = lengths});
            ByHand result{in_rows(hand.y, {hand.h, hand.c}), {hand.dx, hand.dh0, hand.dc0}};
            append(result.gradients, hand.gradients);
            return result;
          }};
}

ManualLayer gru(const Sizes& s, xg::DType dtype, const xg::nn::RecurrentOptions& given = {},
                const Tensor& lengths = {}) {
  xg::Random random{4};
  xg::nn::RecurrentOptions options = given;
  options.cell.dtype = dtype;
  const xg::nn::GRU layer{s.in, s.hidden, random, options};
  draw_biases(layer, random);
  return {[layer, lengths](const std::vector<Tensor>& in) {
            const auto result = layer.run(in[0], xg::expand_dims(in[1], 0), lengths);
            return in_rows(result.output, {result.carry.at({0})});
          },
          drawn_inputs(s, dtype, false, random), xg::nn::parameters(layer),
          [layer, lengths, s](const std::vector<Tensor>& in, const Tensor& dy) {
            const Rows d = parts_of(dy, s);
            const auto hand = manual::gru(in[0], values_of(layer.cells[0]), in[1], {.y = d.y, .h = d.h, .c = {}},
                                          {.reverse = false, .lengths = lengths});
            ByHand result{in_rows(hand.y, {hand.h}), {hand.dx, hand.dh0}};
            append(result.gradients, hand.gradients);
            return result;
          }};
}

/// Two layers of two directions, put together from passes by hand: an example of how they compose.
ManualLayer stacked_lstm(const Sizes& s, const Tensor& lengths) {
  xg::Random random{4};
  const xg::nn::LSTM layer{s.in, s.hidden, random, {.layers = 2, .bidirectional = true, .cell = {.dtype = float64}}};
  draw_biases(layer, random);
  const auto by_hand = [layer, lengths](const std::vector<Tensor>& in, const Tensor& dy) {
    const auto pass = [&](std::size_t i, const Tensor& x, const Tensor& of_output) {
      return manual::lstm(x, values_of(layer.cells[i]), {}, {}, {.y = of_output},
                          {.reverse = i % 2 == 1, .lengths = lengths});
    };
    const Tensor first = xg::concatenate({pass(0, in[0], {}).y, pass(1, in[0], {}).y}, -1).eval();
    const std::vector<Tensor> of_last = xg::split(dy, 2, -1);
    const auto forward = pass(2, first, of_last[0]);
    const auto backward = pass(3, first, of_last[1]);
    const std::vector<Tensor> of_first = xg::split(forward.dx + backward.dx, 2, -1);
    const auto first_forward = pass(0, in[0], of_first[0]);
    const auto first_backward = pass(1, in[0], of_first[1]);
    ByHand result{xg::concatenate({forward.y, backward.y}, -1), {first_forward.dx + first_backward.dx}};
    for (const auto* each : {&first_forward, &first_backward, &forward, &backward}) {
      append(result.gradients, each->gradients);
    }
    return result;
  };
  return {[layer, lengths](const std::vector<Tensor>& in) { return layer.run(in[0], {}, lengths).output; },
          {{"x", random.normal({s.samples, s.steps, s.in}, 0, 1, float64).eval()}},
          xg::nn::parameters(layer),
          by_hand};
}

Tensor lengths_of(const std::vector<std::int64_t>& lengths) {
  return xg::from_vector(lengths, {static_cast<std::int64_t>(lengths.size())});
}

}  // namespace

TEST_CASE("manual lstm: equal to nn::LSTM and to differences, through all steps and from the last carry") {
  for (const xg::DType dtype : {float64, float32}) {
    CAPTURE(dtype);
    check_three_ways(lstm({}, dtype));
    check_three_ways(lstm({.samples = 1, .steps = 1, .in = 1, .hidden = 1}, dtype));
    check_three_ways(lstm({.samples = 2, .steps = 3, .in = 4, .hidden = 2}, dtype, {.cell = {.use_bias = false}}));
    check_three_ways(lstm({.samples = 2, .steps = 6, .in = 2, .hidden = 2}, dtype, {.written_out = 2}));
    check_three_ways(lstm({.samples = 4, .steps = 3}, dtype, {}, lengths_of({3, 1, 0, 2})));
  }
}

TEST_CASE("manual gru: equal to nn::GRU and to differences, through all steps and from the last carry") {
  for (const xg::DType dtype : {float64, float32}) {
    CAPTURE(dtype);
    check_three_ways(gru({}, dtype));
    check_three_ways(gru({.samples = 1, .steps = 1, .in = 1, .hidden = 1}, dtype));
    check_three_ways(gru({.samples = 2, .steps = 3, .in = 4, .hidden = 2}, dtype, {.cell = {.use_bias = false}}));
    check_three_ways(gru({.samples = 2, .steps = 6, .in = 2, .hidden = 2}, dtype, {.written_out = 2}));
    check_three_ways(gru({.samples = 4, .steps = 3}, dtype, {}, lengths_of({3, 1, 0, 2})));
  }
}

TEST_CASE("manual lstm: two layers of two directions are passes one after another") {
  check_three_ways(stacked_lstm({.samples = 2, .steps = 3, .in = 2, .hidden = 2}, {}));
  check_three_ways(stacked_lstm({.samples = 2, .steps = 3, .in = 2, .hidden = 2}, lengths_of({1, 3})));
}

TEST_CASE("manual lstm, gru: no steps give the carry as it was, and its gradient") {
  const Tensor x = xg::zeros({2, 0, 3}, float64);
  const Tensor carry = xg::tensor({{1, 2}, {3, 4}}, float64);
  const Tensor cotangent = xg::tensor({{5, 6}, {7, 8}}, float64);
  const auto of_lstm = manual::lstm(x, {xg::ones({8, 3}, float64), xg::ones({8, 2}, float64)}, carry, carry + 1.0,
                                    {.y = {}, .h = cotangent, .c = {}});
  CHECK(of_lstm.y.shape() == Shape{2, 0, 2});
  CHECK(of_lstm.h.to_vector<double>() == carry.to_vector<double>());
  CHECK(of_lstm.dh0.to_vector<double>() == cotangent.to_vector<double>());
  CHECK(of_lstm.dc0.to_vector<double>() == std::vector<double>(4, 0.0));
  CHECK(of_lstm.gradients.weight_hh.to_vector<double>() == std::vector<double>(16, 0.0));
  const auto of_gru =
      manual::gru(x, {xg::ones({6, 3}, float64), xg::ones({6, 2}, float64)}, carry, {.y = {}, .h = cotangent, .c = {}});
  CHECK(of_gru.h.to_vector<double>() == carry.to_vector<double>());
  CHECK(of_gru.dh0.to_vector<double>() == cotangent.to_vector<double>());
}

TEST_CASE("manual lstm, gru: each wrong gradient is found, and no other") {
  check_every_mistake_is_found(lstm({.samples = 2, .steps = 3, .in = 2, .hidden = 2}, float64));
  check_every_mistake_is_found(gru({.samples = 2, .steps = 3, .in = 2, .hidden = 2}, float64));
}

TEST_CASE("manual lstm, gru: what doesn't fit is named") {
  const Tensor x = xg::zeros({2, 3, 4}, float64);
  const auto message = [&](const manual::CellParameters& p, const Tensor& h0, const Tensor& lengths) {
    return message_of<xg::Error>(
        [&] { return manual::lstm(x, p, h0, {}, {}, {.reverse = false, .lengths = lengths}); });
  };
  const manual::CellParameters p{xg::zeros({8, 4}, float64), xg::zeros({8, 2}, float64)};
  CHECK(contains(message({xg::zeros({6, 4}, float64), xg::zeros({6, 2}, float64)}, {}, {}),
                 "[manual::lstm] weight_hh has shape (6, 2), expected (8, 2)"));
  CHECK(contains(message(p, xg::zeros({3, 2}, float64), {}), "h0 has shape (3, 2), expected (2, 2)"));
  CHECK(contains(message(p, {}, lengths_of({1, 4})), "a length 4, expected 0 to 3"));
  CHECK(contains(
      message_of<xg::Error>([&] {
        return manual::gru(x, {xg::zeros({6, 4}, float64), xg::zeros({6, 2}, float64)}, {}, {.y = {}, .h = {}, .c = x});
      }),
      "[manual::gru] cotangents of c"));
}
