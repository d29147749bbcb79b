// An architecture of your own is a plain struct: nothing to inherit, nothing to register. This one trains for a few
// passes over the digits, and then checks the gradients that were derived for it against differences.
#include <array>
#include <iostream>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;

struct Residual {
  xg::nn::Dense inner, outer;

  xg::Tensor operator()(const xg::Tensor& x) const { return x + outer(xg::sigmoid(inner(x))); }
};

struct Network {
  xg::nn::Dense encode;
  std::array<Residual, 2> blocks;
  xg::nn::Dense decode;

  xg::Tensor operator()(const xg::Tensor& x) const {
    xg::Tensor h = xg::tanh(encode(x));
    for (const Residual& block : blocks) {
      h = block(h);
    }
    return decode(h);
  }
};

int main() try {
  xg::Random random{1};
  const xg::nn::DenseOptions dense{.dtype = xg::float64};
  const auto block = [&] { return Residual{{16, 16, random, dense}, {16, 16, random, dense}}; };
  const Network network{
      .encode = {64, 16, random, dense}, .blocks = {block(), block()}, .decode = {16, 10, random, dense}};
  const auto parameters = xg::nn::parameters(network);  // encode.W, encode.b, blocks.0.inner.W, …
  for (const auto& [name, parameter] : parameters) {
    std::cout << name << ' ' << parameter.shape() << '\n';
  }

  const auto [train, test] = xg::data::digits({.dtype = xg::float64});
  const xg::nn::CrossEntropy objective;
  xg::optim::Adam adam{parameters, {.learning_rate = 3e-3}};
  for (int epoch = 1; epoch <= 5; ++epoch) {
    double loss = 0;
    const auto batches = xg::data::batches(train, {.size = 32, .shuffle = random});
    for (const auto& [x, y] : batches) {
      loss += adam.step(objective(network(x), y)).item();
    }
    std::cout << "epoch " << epoch << "  loss " << loss / static_cast<double>(batches.size()) << '\n';
  }
  const double accuracy = xg::nn::accuracy(network(test.inputs), test.labels);
  std::cout << "test accuracy " << accuracy << "\n\n";

  // Five samples: few enough that a mistake in one of them shows in the sum.
  const xg::Tensor x = xg::slice(test.inputs, {.stop = 5});
  const xg::Tensor y = xg::slice(test.targets, {.stop = 5});
  const xg::check::Report report =
      xg::check::compare([&] { return objective(network(x), y); }, parameters, {.numeric = {.max_entries = 64}});
  std::cout << report;
  return accuracy > 0.85 && report.verdict() == xg::check::Verdict::right ? 0 : 1;
} catch (const xg::Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
