// Derivations of networks with the activations of activations.hpp. Texts are worked by hand; values are compared with
// the gradient.
#include <algorithm>
#include <doctest/doctest.h>
#include <functional>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"

namespace xg = xgrad;
namespace nn = xg::nn;
using xg::float64;
using xg::Tensor;

namespace {

using Lines = std::vector<std::string>;

struct Written {
  nn::Layer layer;
  std::string name;
  std::string constants = {};
};

std::vector<Written> activations() {
  return {{nn::GELU{}, "gelu"},
          {nn::GELU{.approximate = true}, "gelu_tanh"},
          {nn::SiLU{}, "silu"},
          {nn::Mish{}, "mish"},
          {nn::Softsign{}, "softsign"},
          {nn::ELU{}, "elu", "; alpha=1"},
          {nn::CELU{2}, "celu", "; alpha=2"},
          {nn::SELU{}, "selu"},
          {nn::LeakyReLU{0.25}, "leaky_relu", "; slope=0.25"},
          {nn::ReLU6{}, "relu6"},
          {nn::Hardtanh{-1, 2}, "hardtanh", "; low=-1, high=2"},
          {nn::Hardsigmoid{}, "hardsigmoid"},
          {nn::Hardswish{}, "hardswish"},
          {nn::Softshrink{0.25}, "softshrink", "; lambda=0.25"}};
}

Lines written(const std::vector<xg::Equation>& equations) {
  Lines lines;
  std::transform(equations.begin(), equations.end(), std::back_inserter(lines), [](const xg::Equation& equation) {
    return equation.left + " = " + equation.right + (equation.label.empty() ? "" : "  " + equation.label);
  });
  return lines;
}

double difference(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  return xg::max(xg::abs(a - b)).item() / std::max(xg::max(xg::abs(b)).item(), 1e-300);
}

/// A network of two layers, of one sample or of a batch.
struct Network {
  explicit Network(const nn::Layer& activation, std::int64_t batch = 0)
      : x{random.normal(batch == 0 ? xg::Shape{3} : xg::Shape{batch, 3}, 0, 1, float64).eval()},
        y{random.normal(batch == 0 ? xg::Shape{2} : xg::Shape{batch, 2}, 0, 1, float64).eval()},
        net{first, activation, second, activation} {}

  xg::Random random{11};
  nn::Dense first{3, 4, random, {.dtype = float64, .bias = nn::init::standard_normal}};
  nn::Dense second{4, 2, random, {.dtype = float64, .bias = nn::init::standard_normal}};
  Tensor x;
  Tensor y;
  nn::Sequential net;
  std::vector<Tensor> xs{first.W, first.b, second.W, second.b};
  [[nodiscard]] Tensor loss() const { return nn::QuadraticLoss{}(net(x), y); }
};

void check_values(const xg::Derivation& derivation, const Tensor& loss, const std::vector<Tensor>& xs) {
  const std::vector<Tensor> gradients = xg::gradients(loss, xs);
  const Lines names{"∂Loss/∂W¹", "∂Loss/∂b¹", "∂Loss/∂W²", "∂Loss/∂b²"};
  CHECK(difference(derivation.forward.back().value, loss) < 1e-14);
  for (std::size_t i = 0; i < xs.size(); ++i) {
    CAPTURE(names[i]);
    CHECK(difference(derivation[names[i]].value, gradients[i]) < 1e-13);
  }
}

}  // namespace

TEST_CASE("activations: BP1 to BP4 hold for each, with f′ under its name") {
  for (const auto& [layer, f, constants] : activations()) {
    CAPTURE(f);
    const Network network{layer};
    const Tensor loss = network.loss();
    const xg::Derivation derivation = xg::derive(loss, network.xs);
    const std::string begin = f;
    const std::string end = constants + ")";
    const auto of = [&](const std::string& prime, const std::string& z) { return begin + prime + "(" + z + end; };
    CHECK(written(derivation.forward) == Lines{"z¹ = W¹ x + b¹", "a¹ = " + of("", "z¹"), "z² = W² a¹ + b²",
                                               "a² = " + of("", "z²"), "Loss = ½ Σ (a² − y)²"});
    CHECK(written(derivation.backward) == Lines{"δ² = (a² − y) ⊙ " + of("′", "z²") + "  BP1", "∂Loss/∂b² = δ²  BP3",
                                                "∂Loss/∂W² = δ² a¹ᵀ  BP4", "δ¹ = (W²ᵀ δ²) ⊙ " + of("′", "z¹") + "  BP2",
                                                "∂Loss/∂b¹ = δ¹  BP3", "∂Loss/∂W¹ = δ¹ xᵀ  BP4"});
    check_values(derivation, loss, network.xs);
    CHECK(contains(derivation.latex(), "'\\left(z^{1}"));
  }
}

TEST_CASE("activations: of a batch, with the mean of its losses") {
  for (const auto& [layer, f, constants] : activations()) {
    CAPTURE(f);
    const Network network{layer, 5};
    const Tensor loss = network.loss();
    const xg::Derivation derivation = xg::derive(loss, network.xs);
    CHECK(derivation["δ²"].right == "⅕ (a² − y) ⊙ " + f + "′(z²" + constants + ")");
    CHECK(derivation["δ¹"].right == "(δ² W²) ⊙ " + f + "′(z¹" + constants + ")");
    check_values(derivation, loss, network.xs);
  }
}

TEST_CASE("activations: tanhshrink′ is tanh², a step of leaky_relu a leaky_relu′") {
  const Tensor z = xg::variable(xg::from_vector(std::vector<double>{-1.5, 0.5, 2}, {3})).named("z");
  const auto derivative = [&](const Tensor& f) { return xg::derive(xg::sum(f), {z})["∂Loss/∂z"].right; };
  CHECK(derivative(xg::tanhshrink(z)) == "tanh(z)²");
  CHECK(derivative(xg::leaky_relu(z, 0.5)) == "leaky_relu′(z; slope=0.5)");
  CHECK(derivative(xg::square(xg::gelu(z))) == "2 gelu(z) ⊙ gelu′(z)");
  CHECK(derivative(xg::silu(2.0 * z)) == "2 silu′(2 z)");
}

TEST_CASE("activations: second derivatives are formulas with the values of the gradient") {
  const Tensor z = xg::variable(xg::from_vector(std::vector<double>{-1.5, 0.5, 2}, {3})).named("z");
  const std::vector<std::function<Tensor(const Tensor&)>> functions{
      [](const Tensor& x) { return xg::gelu(x); },     [](const Tensor& x) { return xg::gelu_tanh(x); },
      [](const Tensor& x) { return xg::silu(x); },     [](const Tensor& x) { return xg::mish(x); },
      [](const Tensor& x) { return xg::softsign(x); }, [](const Tensor& x) { return xg::elu(x, 0.5); },
      [](const Tensor& x) { return xg::celu(x, 2); },  [](const Tensor& x) { return xg::hardswish(x); }};
  for (const auto& f : functions) {
    const Tensor first = xg::gradients(xg::sum(f(z)), {z})[0];
    const Tensor second = xg::gradients(xg::sum(first), {z})[0];
    const xg::Derivation derivation = xg::formulas_of({{"f″", second}});
    CAPTURE(derivation.text());
    CHECK(difference(derivation.forward.back().value, second) < 1e-13);
  }
}

TEST_CASE("activations: a learned slope, a gated layer") {
  xg::Random random{5};
  const nn::Dense dense{3, 4, random, {.dtype = float64}};
  const nn::PReLU slopes{1, {.dtype = float64}};
  const Tensor x = random.normal({5, 3}, 0, 1, float64).eval().named("x");
  for (const nn::Layer& layer : {nn::Layer{slopes}, nn::Layer{nn::SwiGLU{}}, nn::Layer{nn::GLU{}}}) {
    CAPTURE(std::string{layer.type()});
    const Tensor a = layer(dense(x));
    const Tensor loss = 0.5 * xg::sum(xg::square(a));
    std::vector<Tensor> xs{dense.W};
    for (const xg::NamedParameter& parameter : layer.parameters()) {
      xs.push_back(parameter.parameter.value());
    }
    const xg::Derivation derivation = xg::derive(loss, xs);
    CAPTURE(derivation.text());
    const std::vector<Tensor> gradients = xg::gradients(loss, xs);
    CHECK(difference(derivation["∂Loss/∂W"].value, gradients[0]) < 1e-13);
    if (xs.size() > 1) {
      CHECK(difference(derivation["∂Loss/∂weight"].value, gradients[1]) < 1e-13);
      CHECK(contains(derivation.text(), "prelu(z, weight)"));
    }
  }
}

TEST_CASE("activations: one with a learned slope makes aˡ of zˡ, and is no layer of its own") {
  xg::Random random{5};
  const nn::Sequential net{nn::Dense{3, 4, random, {.dtype = float64}}, nn::PReLU{4, {.dtype = float64}},
                           nn::Dense{4, 2, random, {.dtype = float64}}, nn::SiLU{}};
  const Tensor x = random.normal({5, 3}, 0, 1, float64).eval();
  const Tensor y = random.normal({5, 2}, 0, 1, float64).eval();
  std::vector<Tensor> xs;
  for (const xg::NamedParameter& parameter : nn::parameters(net)) {
    xs.push_back(parameter.parameter.value());
  }
  const Tensor loss = nn::QuadraticLoss{}(net(x), y);
  const xg::Derivation derivation = xg::derive(loss, xs);
  CAPTURE(derivation.text());
  CHECK(contains(derivation["a¹"].right, "prelu(z¹, weight"));
  CHECK(derivation["z²"].right == "a¹ W²ᵀ + b²");
  CHECK(derivation["δ²"].right == "⅕ (a² − y) ⊙ silu′(z²)");
  CHECK(contains(derivation["δ¹"].right, "(δ² W²) ⊙ prelu′(z¹, weight"));
  const Lines names{"∂Loss/∂W¹", "∂Loss/∂b¹", "∂Loss/∂weight", "∂Loss/∂W²", "∂Loss/∂b²"};
  const std::vector<Tensor> gradients = xg::gradients(loss, xs);
  for (std::size_t i = 0; i < xs.size(); ++i) {
    CAPTURE(names[i]);
    CHECK(difference(derivation[names[i]].value, gradients[i]) < 1e-13);
  }
}
