// BP1 to BP4 are told apart for every element-wise activation and every loss: with another loss BP1 is another formula,
// and BP2 to BP4 are the document's.
#include <algorithm>
#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/all_losses.hpp"

namespace xg = xgrad;
namespace nn = xgrad::nn;
using xg::float64;
using xg::Tensor;

namespace {

struct Activation {
  std::string name;
  nn::Layer layer;
};

std::vector<Activation> activations() {
  return {{"Sigmoid", nn::Sigmoid{}},
          {"Tanh", nn::Tanh{}},
          {"ReLU", nn::ReLU{}},
          {"ReLU6", nn::ReLU6{}},
          {"LeakyReLU", nn::LeakyReLU{0.2}},
          {"PReLU", nn::PReLU{1, {.dtype = float64}}},
          {"ELU", nn::ELU{0.7}},
          {"SELU", nn::SELU{}},
          {"CELU", nn::CELU{1.3}},
          {"GELU", nn::GELU{}},
          {"GELU of tanh", nn::GELU{.approximate = true}},
          {"SiLU", nn::SiLU{}},
          {"Mish", nn::Mish{}},
          {"Softplus", nn::Softplus{}},
          {"LogSigmoid", nn::LogSigmoid{}},
          {"Softsign", nn::Softsign{}},
          {"Tanhshrink", nn::Tanhshrink{}},
          {"Hardtanh", nn::Hardtanh{-0.8, 0.9}},
          {"Hardsigmoid", nn::Hardsigmoid{}},
          {"Hardswish", nn::Hardswish{}},
          {"Hardshrink", nn::Hardshrink{0.1}},
          {"Softshrink", nn::Softshrink{0.1}}};
}

nn::Sequential network(const nn::Layer& activation, std::int64_t outputs) {
  xg::Random random{9};
  const nn::DenseOptions options{.dtype = float64, .bias = nn::init::standard_normal};
  return nn::Sequential{nn::Dense{2, 3, random, options}, activation, nn::Dense{3, outputs, random, options},
                        activation};
}

double difference(const Tensor& a, const Tensor& b) {
  const double size = std::max(xg::max(xg::abs(b)).item(), 1e-6);
  return xg::max(xg::abs(a - b)).item() / size;
}

void check_labels(const nn::Sequential& net, const all_losses::Case& each) {
  const Tensor loss = each.loss(net(xg::tensor({0.4, -1.3}, float64).eval()));
  std::vector<xg::NamedParameter> parameters = net.parameters();
  std::erase_if(parameters, [](const xg::NamedParameter& p) { return p.parameter.shape() == xg::Shape{1}; });
  const xg::Derivation derivation = xg::derive(loss, parameters);
  CAPTURE(derivation.text());
  CHECK(derivation["δ²"].label == (each.name == "QuadraticLoss" ? "BP1" : ""));
  CHECK(derivation["δ²"].right.find("(z²") != std::string::npos);
  CHECK(derivation["δ¹"].label == "BP2");
  CHECK(derivation["δ¹"].right.starts_with("(W²ᵀ δ²) ⊙ "));
  std::vector<Tensor> xs(parameters.size());
  std::transform(parameters.begin(), parameters.end(), xs.begin(), [](const auto& p) { return p.parameter; });
  const std::vector<Tensor> gradients = xg::gradients(loss, xs);
  const std::vector<std::string> names{"W¹", "b¹", "W²", "b²"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    CAPTURE(names[i]);
    const xg::Equation& equation = derivation["∂Loss/∂" + names[i]];
    CHECK(equation.label == (names[i][0] == 'b' ? "BP3" : "BP4"));
    CHECK(difference(equation.value, gradients[i]) < 1e-10);
  }
}

}  // namespace

TEST_CASE("derive: BP1 to BP4 are told apart for every activation and loss") {
  for (const Activation& activation : activations()) {
    CAPTURE(activation.name);
    for (const all_losses::Case& each : all_losses::cases()) {
      CAPTURE(each.name);
      check_labels(network(activation.layer, each.size), each);
    }
  }
}

TEST_CASE("derive: what isn't the document's has no label") {
  xg::Random random{9};
  const nn::DenseOptions options{.dtype = float64};
  const Tensor x = xg::tensor({0.4, -1.3}, float64).eval();
  const Tensor y = xg::tensor({0.1, 0.2, 0.5}, float64).eval();
  // An activation that isn't element-wise has a matrix for its derivative.
  const nn::Sequential soft{nn::Dense{2, 3, random, options}, nn::Softmax{}, nn::Dense{3, 3, random, options},
                            nn::Softmax{}};
  const xg::Derivation derivation = xg::derive(nn::QuadraticLoss{}(soft(x), y), soft.parameters());
  CHECK(derivation["δ²"].label.empty());
  CHECK(derivation["δ¹"].label.empty());
  CHECK(derivation["∂Loss/∂b¹"].label == "BP3");
  CHECK(derivation["∂Loss/∂W¹"].label == "BP4");
  // Twice the loss is another BP1.
  const nn::Sequential net = network(nn::Tanh{}, 3);
  CHECK(xg::derive(2.0 * nn::QuadraticLoss{}(net(x), y), net.parameters())["δ²"].label.empty());
  CHECK(xg::derive(1.0 * nn::QuadraticLoss{}(net(x), y), net.parameters())["δ²"].label == "BP1");
}
