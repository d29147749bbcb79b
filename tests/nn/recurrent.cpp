#include <cmath>
#include <doctest/doctest.h>

#include "xgrad/xgrad.hpp"

#include "support/doubles.hpp"
#include "support/message_of.hpp"
#include "support/reproducible.hpp"

namespace xg = xgrad;
using xg::test::doubles;
using xg::test::values_of;
using Values = std::vector<double>;

namespace {

const xg::nn::RecurrentOptions in_float64{.cell = {.dtype = xg::float64}};

std::vector<xg::Tensor> parts(const xg::Tensor& carry) {
  return {carry};
}
std::vector<xg::Tensor> parts(const xg::nn::LSTMCarry& carry) {
  return {carry.h, carry.c};
}
void assign(xg::Tensor& carry, const std::vector<xg::Tensor>& values) {
  carry = values[0];
}
void assign(xg::nn::LSTMCarry& carry, const std::vector<xg::Tensor>& values) {
  carry = {values[0], values[1]};
}

// PyTorch's name of the parameter "cells.<i>.<name>" of so many directions.
std::string torch_name(const std::string& name, std::size_t directions) {
  const std::size_t dot = name.find('.', 6);
  const std::size_t cell = std::stoul(name.substr(6, dot - 6));
  return name.substr(dot + 1) + "_l" + std::to_string(cell / directions) + (cell % directions == 1 ? "_reverse" : "");
}

template <class Cell>
void check_case(const nlohmann::json& sizes, const nlohmann::json& expected, std::int64_t written_out) {
  using Print = reproducible::Fingerprint;
  const std::int64_t n = sizes.at("N");
  const std::int64_t hidden = sizes.at("hidden");
  xg::Random random{3};
  xg::nn::RecurrentOptions options = in_float64;
  options.written_out = written_out;
  options.layers = expected.at("layers");
  options.bidirectional = expected.at("bidirectional");
  options.nonlinearity = expected.at("relu") ? xg::nn::Nonlinearity::relu : xg::nn::Nonlinearity::tanh;
  xg::nn::Recurrent<Cell> net{sizes.at("in"), hidden, random, options};
  const std::size_t directions = options.bidirectional ? 2 : 1;
  const auto parameters = xg::nn::parameters(net);
  CHECK(parameters.size() == expected.at("parameters").size());
  std::uint64_t seed = 10;
  for (const auto& [name, parameter] : parameters) {
    xg::Parameter{parameter}.set(reproducible::tensor(seed++, parameter.shape(), 0.7));
  }
  const xg::Tensor x = xg::variable(reproducible::tensor(1, {n, sizes.at("T"), sizes.at("in")}));
  typename Cell::Carry initial;
  std::vector<xg::Tensor> starts;
  if (expected.at("initial")) {
    for (std::size_t k = 0; k < parts(initial).size(); ++k) {
      const auto cells = static_cast<std::int64_t>(net.cells.size());
      starts.push_back(xg::variable(reproducible::tensor(2 + k, {cells, n, hidden})));
    }
    assign(initial, starts);
  }
  const auto lengths = expected.at("lengths").get<std::vector<std::int64_t>>();
  const auto result = net.run(x, initial, lengths.empty() ? xg::Tensor{} : xg::from_vector(lengths, {n}));
  xg::Tensor loss = sum(result.output * reproducible::tensor(5, result.output.shape()));
  for (std::size_t k = 0; k < parts(result.carry).size(); ++k) {
    const xg::Tensor part = parts(result.carry)[k];
    loss = loss + sum(part * reproducible::tensor(6 + k, part.shape()));
    CHECK(reproducible::distance(part, expected.at("last")[k].get<Print>()) < 1e-12);
  }
  CHECK(loss.item() == doctest::Approx(expected.at("loss").get<double>()).epsilon(1e-12));
  CHECK(reproducible::distance(result.output, expected.at("output").get<Print>()) < 1e-12);
  std::vector<xg::Tensor> by{x};
  by.insert(by.end(), starts.begin(), starts.end());
  const auto gradients = xg::gradients(loss, by);
  CHECK(reproducible::distance(gradients[0], expected.at("x").get<Print>()) < 1e-12);
  for (std::size_t k = 0; k < starts.size(); ++k) {
    CHECK(reproducible::distance(gradients[1 + k], expected.at("initial_gradients")[k].get<Print>()) < 1e-12);
  }
  const auto by_parameter = xg::gradients(loss, xg::nn::parameters(net));
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    const std::string name = torch_name(parameters[k].name, directions);
    CAPTURE(name);
    CHECK(reproducible::distance(by_parameter[k], expected.at("parameters").at(name).get<Print>()) < 1e-12);
  }
}

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

// Row `row` of W times x, plus b.
double row_times(const Values& weight, const Values& x, const Values& bias, std::size_t row) {
  double result = bias[row];
  for (std::size_t i = 0; i < x.size(); ++i) {
    result += weight[row * x.size() + i] * x[i];
  }
  return result;
}

}  // namespace

TEST_CASE(
    "RNN, LSTM, GRU: outputs, carries and all gradients are PyTorch's, for layers, directions, lengths, carries") {
  const nlohmann::json golden = reproducible::read(std::string{XGRAD_TEST_DATA} + "/../nn/golden/recurrent.json");
  for (const nlohmann::json& each : golden.at("cases")) {
    const std::string kind = each.at("kind");
    CAPTURE(kind);
    const bool initial = each.at("initial");
    CAPTURE(initial);
    for (const std::int64_t written_out : {std::int64_t{16}, std::int64_t{0}}) {
      CAPTURE(written_out);
      if (kind == "RNN") {
        check_case<xg::nn::RNNCell>(golden, each, written_out);
      } else if (kind == "LSTM") {
        check_case<xg::nn::LSTMCell>(golden, each, written_out);
      } else {
        check_case<xg::nn::GRUCell>(golden, each, written_out);
      }
    }
  }
}

TEST_CASE("LSTMCell and GRUCell: a step of one sample by the formulas, which is that of its row in a batch") {
  xg::Random random{7};
  const xg::nn::LSTMCell lstm{3, 2, random, {.dtype = xg::float64}};
  const xg::nn::GRUCell gru{3, 2, random, {.dtype = xg::float64}};
  const Values x{0.3, -1.2, 0.7};
  const Values h{0.5, -0.4};
  const Values c{1.1, 0.2};
  const auto next = lstm(doubles({0.3, -1.2, 0.7}), {doubles({0.5, -0.4}), doubles({1.1, 0.2})});
  const auto in_batch =
      lstm(doubles({{0, 0, 0}, {0.3, -1.2, 0.7}}), {doubles({{0, 0}, {0.5, -0.4}}), doubles({{0, 0}, {1.1, 0.2}})});
  const Values w = values_of(lstm.weight_ih);
  const Values u = values_of(lstm.weight_hh);
  const Values b = values_of(lstm.bias_ih);
  const Values d = values_of(lstm.bias_hh);
  CHECK(b == Values{0, 0, 1, 1, 0, 0, 0, 0});
  for (std::size_t k = 0; k < 2; ++k) {
    const auto z = [&](std::size_t gate) {
      return row_times(w, x, b, 2 * gate + k) + row_times(u, h, d, 2 * gate + k);
    };
    const double memory = sigmoid(z(1)) * c[k] + sigmoid(z(0)) * std::tanh(z(2));
    CHECK(values_of(next.c)[k] == doctest::Approx(memory).epsilon(1e-14));
    CHECK(values_of(next.h)[k] == doctest::Approx(sigmoid(z(3)) * std::tanh(memory)).epsilon(1e-14));
    CHECK(values_of(in_batch.h)[2 + k] == doctest::Approx(values_of(next.h)[k]).epsilon(1e-14));
  }
  const Values gw = values_of(gru.weight_ih);
  const Values gu = values_of(gru.weight_hh);
  const Values none(6, 0);
  const Values gated = values_of(gru(doubles({0.3, -1.2, 0.7}), doubles({0.5, -0.4})));
  for (std::size_t k = 0; k < 2; ++k) {
    const double r = sigmoid(row_times(gw, x, none, k) + row_times(gu, h, none, k));
    const double z = sigmoid(row_times(gw, x, none, 2 + k) + row_times(gu, h, none, 2 + k));
    const double n = std::tanh(row_times(gw, x, none, 4 + k) + r * row_times(gu, h, none, 4 + k));
    CHECK(gated[k] == doctest::Approx((1 - z) * n + z * h[k]).epsilon(1e-14));
  }
}

TEST_CASE("Recurrent layers: time first gives the same, sequences are exactly 0 behind their end, gradients included") {
  xg::Random random{5};
  xg::nn::RecurrentOptions options = in_float64;
  options.bidirectional = true;
  xg::nn::GRU net{2, 3, random, options};
  const xg::Tensor x = xg::variable(random.normal({2, 4, 2}, 0, 1, xg::float64));
  const xg::Tensor lengths = xg::tensor({2, 4}, xg::int64);
  const auto result = net.run(x, {}, lengths);
  net.batch_first = false;
  const auto time_first = net.run(permute(x, {1, 0, 2}), {}, lengths);
  CHECK(values_of(permute(time_first.output, {1, 0, 2})) == values_of(result.output));
  CHECK(values_of(time_first.carry) == values_of(result.carry));
  CHECK(values_of(result.output.at({0, xg::Slice{2}})) == Values(12, 0));
  const xg::Tensor gradient = xg::gradients(sum(square(result.output)), {x})[0];
  CHECK(values_of(gradient.at({0, xg::Slice{2}})) == Values(4, 0));
  CHECK(values_of(gradient.at({0, 1, 0}))[0] != 0);
  // A sequence of no steps at all keeps its carry.
  const xg::Tensor start = random.normal({2, 2, 3}, 0, 1, xg::float64);
  CHECK(values_of(net.run(permute(x, {1, 0, 2}), start, xg::tensor({0, 0}, xg::int64)).carry) == values_of(start));
}

TEST_CASE("Recurrent layers: from zeros for a batch as without a carry; a text in pieces is the whole text") {
  xg::Random random{7};
  xg::nn::RecurrentOptions options = in_float64;
  options.layers = 2;
  const xg::nn::LSTM net{2, 3, random, options};
  const xg::Tensor x = random.normal({5, 6, 2}, 0, 1, xg::float64);
  const xg::nn::LSTMCarry zero = net.initial(5);
  CHECK(zero.h.shape() == xg::Shape{2, 5, 3});
  CHECK(zero.c.dtype() == xg::float64);
  CHECK(values_of(zero.h) == Values(30, 0));
  CHECK(values_of(zero.c) == Values(30, 0));
  const auto whole = net.run(x, {});
  const auto first = net.run(xg::slice(x, {.stop = 4}, 1), zero);
  const auto second = net.run(xg::slice(x, {.start = 4}, 1), first.carry);
  CHECK(xg::max(xg::abs(xg::concatenate({first.output, second.output}, 1) - whole.output)).item() < 1e-14);
  CHECK(xg::max(xg::abs(second.carry.c - whole.carry.c)).item() < 1e-14);
  options.bidirectional = true;
  const xg::nn::GRU gru{2, 3, random, options};
  CHECK(gru.initial(5).shape() == xg::Shape{4, 5, 3});
  CHECK(values_of(gru.run(x, gru.initial(5)).output) == values_of(gru.run(x, {}).output));
  CHECK_THROWS_AS(static_cast<void>(net.initial(-1)), xg::Error);
}

TEST_CASE("Recurrent layers: train inside compile() as eager, with dropout; copies, inference and names") {
  struct Model {
    xg::nn::LSTM lstm;
    xg::nn::Dense readout;
  };
  xg::Random random{11};
  xg::nn::RecurrentOptions options = in_float64;
  options.layers = 2;
  options.dropout = 0.3;
  const Model model{{3, 4, random, options}, {4, 2, random, {.dtype = xg::float64}}};
  std::vector<std::string> names;
  for (const auto& [name, parameter] : xg::nn::parameters(model)) {
    names.push_back(name);
  }
  CHECK(names[0] == "lstm.cells.0.weight_ih");
  CHECK(names[7] == "lstm.cells.1.bias_hh");
  CHECK(names.size() == 10);
  CHECK(xg::nn::states(model).size() == 1);
  const Model twin = xg::nn::clone(model);
  const xg::Tensor x = random.normal({5, 6, 3}, 0, 1, xg::float64);
  const xg::Tensor y = random.normal({5, 6, 2}, 0, 1, xg::float64);
  const auto loss_of = [&](const Model& each) {
    return xg::nn::MeanSquaredError{}(reshape(each.readout(each.lstm(x)), {30, 2}), reshape(y, {30, 2}));
  };
  xg::optim::SGD eager{xg::nn::parameters(model), {.learning_rate = 0.1}};
  xg::optim::SGD compiled{xg::nn::parameters(twin), {.learning_rate = 0.1}};
  auto step = xg::compile([&] {
    const xg::Tensor loss = loss_of(twin);
    compiled.step(loss);
    return loss;
  });
  for (int i = 0; i < 3; ++i) {
    const xg::Tensor loss = loss_of(model);
    eager.step(loss);
    CHECK(step().item() == doctest::Approx(loss.item()).epsilon(1e-13));
  }
  const Model used = xg::nn::inference(model);
  CHECK(values_of(used.lstm(x)) == values_of(used.lstm(x)));
  CHECK(values_of(model.lstm(x)) != values_of(model.lstm(x)));
}

TEST_CASE("Recurrent layers: gradients agree with differences, through relu and lengths too") {
  xg::Random random{13};
  xg::nn::RecurrentOptions options = in_float64;
  options.nonlinearity = xg::nn::Nonlinearity::relu;
  options.layers = 2;
  const xg::nn::RNN rnn{2, 3, random, options};
  const xg::nn::GRU gru{2, 3, random, in_float64};
  const xg::Tensor x = random.normal({2, 4, 2}, 0, 1, xg::float64);
  const xg::Tensor v = random.normal({2, 4, 3}, 0, 1, xg::float64);
  const xg::Tensor lengths = xg::tensor({4, 2}, xg::int64);
  CHECK(
      xg::check::compare([&] { return sum(rnn.run(x, {}, lengths).output * v); }, xg::nn::parameters(rnn)).verdict() ==
      xg::check::Verdict::right);
  CHECK(
      xg::check::compare([&] { return sum(gru.run(x, {}, lengths).output * v); }, xg::nn::parameters(gru)).verdict() ==
      xg::check::Verdict::right);
}

TEST_CASE("Recurrent layers: say what doesn't fit") {
  xg::Random random{1};
  const xg::nn::LSTM lstm{3, 2, random, in_float64};
  const xg::nn::LSTMCell cell{3, 2, random, {.dtype = xg::float64}};
  const auto zeros = [](const xg::Shape& shape) { return xg::zeros(shape, xg::float64); };
  const xg::Tensor x = zeros({4, 5, 3});
  CHECK(message_of<xg::ShapeError>([&] { return lstm(zeros({4, 5, 2})); }) == "[LSTM] takes (N, T, 3), not (4, 5, 2)");
  CHECK(message_of<xg::ShapeError>([&] { return lstm(zeros({5, 3})); }) == "[LSTM] takes (N, T, 3), not (5, 3)");
  CHECK(message_of<xg::ValueError>([&] { return lstm(zeros({4, 0, 3})); }) == "[LSTM] of (4, 0, 3): no steps");
  CHECK(message_of<xg::ShapeError>([&] { return lstm.run(x, {}, xg::zeros({3}, xg::int64)); }) ==
        "[LSTM] the lengths of (4, 5, 3) are int64 (4,), not int64 (3,)");
  const xg::Tensor carry = zeros({1, 4, 2});
  CHECK(message_of<xg::ValueError>([&] {
          return lstm.run(x, {carry, {}});
        }) == "[LSTM] the initial carry is an undefined Tensor");
  CHECK(message_of<xg::ShapeError>([&] {
          return lstm.run(x, {carry, zeros({2, 4, 2})});
        }) == "[LSTM] the initial carry of (4, 5, 3) is (1, 4, 2), not (2, 4, 2)");
  CHECK_THROWS_AS(static_cast<void>(lstm.run(x, {}, xg::tensor({5, 6, 0, 1}, xg::int64)).output.eval()),
                  xg::ValueError);
  const xg::Tensor h = zeros({2});
  CHECK(message_of<xg::ShapeError>([&] {
          return cell(zeros({2}), {h, h});
        }) == "[LSTMCell] takes (3) or (N, 3), not (2,)");
  CHECK(message_of<xg::ShapeError>([&] {
          return cell(zeros({7, 3}), {h, h});
        }) == "[LSTMCell] with an input (7, 3), h is (7, 2), not (2,)");
  CHECK(message_of<xg::ValueError>([&] { return xg::nn::GRU(0, 2, random); }) ==
        "[GRUCell] from 0 features to 2; both must be positive");
  CHECK(message_of<xg::ValueError>([&] { return xg::nn::RNN(2, 2, random, {.layers = 0}); }) ==
        "[RNN] of 0 layers; expected one or more");
  CHECK(message_of<xg::DTypeError>([&] { return xg::nn::RNNCell(2, 2, random, {}, {.dtype = xg::int64}); }) ==
        "[RNNCell] of int64; expected float32 or float64");
}
