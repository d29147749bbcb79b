// The network 2-3-1 of the document that xgrad starts from: sigmoid layers, Loss = ½ Σ (a² − y)². Its four formulas are
// written out below, on column vectors, one sample at a time:
//   BP1  δ² = (a² − y) ⊙ σ′(z²)              BP3  ∂Loss/∂bˡ = δˡ
//   BP2  δ¹ = (W²ᵀ δ²) ⊙ σ′(z¹)              BP4  ∂Loss/∂Wˡ = δˡ aˡ⁻¹ᵀ
// Beside them stands what xgrad derives, and what differences say; then both ways train, step by step.
#include <algorithm>
#include <iostream>
#include <vector>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;

struct Network {
  xg::Parameter W1, b1, W2, b2;

  xg::Tensor operator()(const xg::Tensor& x) const {
    return xg::sigmoid(xg::matmul(W2, xg::sigmoid(xg::matmul(W1, x) + b1)) + b2);
  }
};

xg::Tensor quadratic_loss(const xg::Tensor& a, const xg::Tensor& y) {
  return 0.5 * xg::sum(xg::square(a - y));
}

// σ′(z), from a = σ(z).
xg::Tensor sigmoid_prime(const xg::Tensor& a) {
  return a * (1 - a);
}

// ∂Loss/∂W¹, ∂b¹, ∂W², ∂b² for one sample.
std::vector<xg::Tensor> by_hand(const Network& net, const xg::Tensor& x, const xg::Tensor& y) {
  const xg::Tensor a1 = xg::sigmoid(xg::matmul(net.W1, x) + net.b1);
  const xg::Tensor a2 = xg::sigmoid(xg::matmul(net.W2, a1) + net.b2);
  const xg::Tensor delta2 = (a2 - y) * sigmoid_prime(a2);
  const xg::Tensor delta1 = xg::matmul(xg::transpose(net.W2), delta2) * sigmoid_prime(a1);
  return {xg::outer(delta1, x), delta1, xg::outer(delta2, a1), delta2};
}

int main() try {
  xg::Random random{0};
  const auto draw = [&](const xg::Shape& shape) { return xg::Parameter{random.normal(shape, 0, 1, xg::float64)}; };
  const Network net{draw({3, 2}), draw({3}), draw({1, 3}), draw({1})};
  const Network hand = xg::nn::clone(net);
  const auto parameters = xg::nn::parameters(net);  // W1, b1, W2, b2

  // Exclusive or.
  const xg::Tensor inputs = xg::tensor({{0, 0}, {0, 1}, {1, 0}, {1, 1}}, xg::float64);
  const xg::Tensor targets = xg::tensor({{0}, {1}, {1}, {0}}, xg::float64);

  // One sample, three ways.
  const xg::Tensor x = inputs.at({1});
  const xg::Tensor y = targets.at({1});
  xg::check::Report report = xg::check::compare([&] { return quadratic_loss(net(x), y); }, parameters,
                                                {.manual = by_hand(net, x, y), .manual_source = "BP1–BP4"});
  report.title = "The document's network 2-3-1, one sample";
  std::cout << report << '\n';

  // Full-batch descent on the sum of the losses: every epoch adds up the gradients of all samples and takes one step.
  constexpr double rate = 3;
  constexpr int epochs = 1000;
  xg::optim::SGD sgd{parameters, {.learning_rate = rate}};
  const auto hand_parameters = xg::nn::parameters(hand);
  double first = 0;
  double last = 0;
  double difference = 0;
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    std::vector<xg::Tensor> sums(hand_parameters.size());
    xg::Tensor loss = xg::scalar(0, xg::float64);
    for (std::int64_t sample = 0; sample < inputs.dim(0); ++sample) {
      const xg::Tensor x_sample = inputs.at({sample});
      const xg::Tensor y_sample = targets.at({sample});
      const auto gradients = by_hand(hand, x_sample, y_sample);
      for (std::size_t p = 0; p < sums.size(); ++p) {
        sums[p] = sums[p].defined() ? sums[p] + gradients[p] : gradients[p];
      }
      loss = loss + quadratic_loss(net(x_sample), y_sample);
    }
    last = sgd.step(loss).item();
    first = epoch == 1 ? last : first;
    for (std::size_t p = 0; p < sums.size(); ++p) {
      const xg::Parameter& cell = hand_parameters[p].parameter;
      cell.set(cell - rate * sums[p]);
      difference = std::max(difference, xg::max(xg::abs(cell - parameters[p])).item());
    }
  }
  std::cout << epochs << " epochs of exclusive or, by hand and by xgrad: loss from " << first << " to " << last
            << ",\nparameters never further apart than " << difference << '\n';
  return report.verdict() == xg::check::Verdict::right && last < first && difference < 1e-9 ? 0 : 1;
} catch (const xg::Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
