// With another loss than the document's, BP1 is another formula, and BP2 to BP4 hold as they are.
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
  std::string name;  ///< in formulas
  nn::Sequential (*network)(std::int64_t outputs);
};

template <class Layer>
nn::Sequential network(std::int64_t outputs) {
  xg::Random random{9};
  const nn::DenseOptions options{.dtype = float64, .bias = nn::init::standard_normal};
  return nn::Sequential{nn::Dense{2, 3, random, options}, Layer{}, nn::Dense{3, outputs, random, options}, Layer{}};
}

std::vector<Activation> activations() {
  return {{"σ", &network<nn::Sigmoid>}, {"tanh", &network<nn::Tanh>}, {"relu", &network<nn::ReLU>}};
}

std::vector<Tensor> tensors(const nn::Sequential& net) {
  std::vector<Tensor> result;
  for (const xg::NamedParameter& parameter : net.parameters()) {
    result.emplace_back(parameter);
  }
  return result;
}

Tensor sample() {
  return xg::tensor({0.4, -1.3}, float64).eval();
}

double difference(const Tensor& a, const Tensor& b) {
  const double size = std::max(xg::max(xg::abs(b)).item(), 1e-300);
  return xg::max(xg::abs(a - b)).item() / size;
}

std::string first_formula(const std::string& name) {
  const std::vector<all_losses::Case> cases = all_losses::cases();
  const auto found = std::find_if(cases.begin(), cases.end(), [&](const auto& each) { return each.name == name; });
  const nn::Sequential net = network<nn::Sigmoid>(found->size);
  return xg::derive(found->loss(net(sample())), net.parameters())["δ²"].right;
}

}  // namespace

TEST_CASE("derive: of every loss BP1 is its own derivative times f′, and BP2 to BP4 are the document's") {
  for (const all_losses::Case& each : all_losses::cases()) {
    for (const Activation& activation : activations()) {
      CAPTURE(each.name);
      CAPTURE(activation.name);
      const nn::Sequential net = activation.network(each.size);
      const Tensor loss = each.loss(net(sample()));
      const xg::Derivation derivation = xg::derive(loss, net.parameters());
      CAPTURE(derivation.text());
      const xg::Equation& first = derivation["δ²"];
      CHECK(first.label == (each.name == "QuadraticLoss" ? "BP1" : ""));
      CHECK(first.right.find(activation.name + "′(z²)") != std::string::npos);
      CHECK(derivation["δ¹"].right == "(W²ᵀ δ²) ⊙ " + activation.name + "′(z¹)");
      CHECK(derivation["δ¹"].label == "BP2");
      const std::vector<std::string> names{"W¹", "b¹", "W²", "b²"};
      const std::vector<Tensor> gradients = xg::gradients(loss, tensors(net));
      for (std::size_t i = 0; i < names.size(); ++i) {
        CAPTURE(names[i]);
        const xg::Equation& equation = derivation["∂Loss/∂" + names[i]];
        CHECK(equation.label == (names[i][0] == 'b' ? "BP3" : "BP4"));
        CHECK(difference(equation.value, gradients[i]) < 1e-12);
      }
      CHECK(difference(derivation.forward.back().value, loss) < 1e-12);
    }
  }
}

TEST_CASE("derive: losses and their derivatives are written as textbooks have them") {
  CHECK(first_formula("QuadraticLoss") == "(a² − y) ⊙ σ′(z²)");
  CHECK(first_formula("MeanSquaredError") == "½ (a² − y) ⊙ σ′(z²)");
  CHECK(first_formula("L1Loss") == "¼ sign(a² − y) ⊙ σ′(z²)");
  CHECK(first_formula("KLDivergence") == "−y ⊙ σ′(z²)");
  CHECK(first_formula("CrossEntropy") == "(softmax(a²) − y) ⊙ σ′(z²)");
  CHECK(first_formula("BinaryCrossEntropy") == "(σ(a²) − y) ⊙ σ′(z²)");
}

TEST_CASE("derive: a list of parameters names them, but for paths to their own names") {
  const xg::Parameter p{xg::tensor({1, 2, 3}, float64), "W"};
  const xg::Parameter unnamed{xg::tensor({4, 5, 6}, float64)};
  const Tensor loss = xg::sum(p * unnamed);
  const std::vector<xg::NamedParameter> list{{"alpha", p}, {"second.beta", unnamed}};
  const xg::Derivation named = xg::derive(loss, list);
  CHECK(named["∂Loss/∂alpha"].right == "second.beta");
  CHECK(named["∂Loss/∂second.beta"].right == "alpha");
  const std::vector<xg::NamedParameter> paths{{"0.W", p}, {"second.beta", unnamed}};
  CHECK(xg::derive(loss, paths)["∂Loss/∂W"].right == "second.beta");
  // Options come first, and a name that only ends like the parameter's own is another.
  CHECK(xg::derive(loss, list, {.names = {{"γ", p}}})["∂Loss/∂γ"].right == "second.beta");
  CHECK(xg::derive(loss, {{"NEW", p}})["∂Loss/∂NEW"].right == "θ");
  CHECK(xg::derive(loss, {xg::NamedParameter{"NEW", p}})["∂Loss/∂NEW"].right == "θ");
}

TEST_CASE("derive: what is written twice with numbers of its own is one quantity") {
  const xg::Parameter s{xg::tensor({0.1, 0.2}, float64), "s"};
  const Tensor x = xg::tensor({3, 4}, float64).eval().named("x");
  const Tensor first = xg::exp(3.0 * s).named("u");
  const Tensor second = xg::exp(3.0 * s);
  const xg::Derivation derivation = xg::derive(xg::sum(first * x + second), {s});
  CHECK(derivation.forward.size() == 2);
  CHECK(derivation["u"].right == "exp(3 s)");
  CHECK(derivation["Loss"].right == "Σ (u ⊙ (x + 1))");
  CHECK(derivation["∂Loss/∂s"].right.find("exp") == std::string::npos);
  // Of another value it is another.
  const xg::Derivation other = xg::derive(xg::sum(first * x + xg::exp(4.0 * s)), {s});
  CHECK(other["Loss"].right.find("exp(4 s)") != std::string::npos);
}

TEST_CASE("derive: a long formula that is built twice is abbreviated once") {
  const xg::Parameter s{xg::tensor({0.1, 0.2}, float64), "s"};
  const xg::Parameter m{xg::tensor({0.3, 0.4}, float64), "m"};
  const Tensor x = xg::tensor({3, 4}, float64).eval().named("x");
  const auto built = [&] {
    Tensor h = s;
    for (int i = 0; i < 4; ++i) {
      h = xg::sin(3.0 * h + x) * m + xg::cos(h + 7.0 * x);
    }
    return h;
  };
  const Tensor loss = xg::sum(built() * x + xg::square(built()));
  const xg::Derivation derivation = xg::derive(loss, {s, m});
  CAPTURE(derivation.text());
  std::vector<std::string> rights;
  for (const std::vector<xg::Equation>* part : {&derivation.forward, &derivation.backward}) {
    for (const xg::Equation& equation : *part) {
      rights.push_back(equation.right);
    }
  }
  std::sort(rights.begin(), rights.end());
  CHECK(std::adjacent_find(rights.begin(), rights.end()) == rights.end());
  CHECK(derivation.forward.size() == 9);
  CHECK(difference(derivation["∂Loss/∂s"].value, xg::gradients(loss, {s})[0]) < 1e-12);
}

TEST_CASE("derive: a power that cancels one in a sum beside it is multiplied in") {
  const xg::Parameter s{xg::tensor({0.1, 0.2}, float64), "s"};
  const Tensor x = xg::tensor({3, 4}, float64).eval().named("x");
  const Tensor q = xg::tensor({5, 6}, float64).eval().named("q");
  const auto v = [&] { return xg::exp(2.0 * s); };
  const Tensor loss = xg::sum(q * v() + x / v());
  const xg::Derivation derivation = xg::derive(loss, {s});
  CHECK(derivation["∂Loss/∂s"].right == "2 (q ⊙ exp(2 s) − x / exp(2 s))");
  CHECK(difference(derivation["∂Loss/∂s"].value, xg::gradients(loss, {s})[0]) < 1e-13);
}

TEST_CASE("derive: where a condition doesn't hold, the opposite one is written, also of what is repeated") {
  xg::Random random{7};
  const Tensor x = random.normal({4, 3}, 0, 1, float64).eval().named("x");
  const Tensor c = random.normal({3}, 0, 1, float64).eval().named("c");
  const auto gradient_where = [&](const Tensor& condition) {
    const Tensor kept = xg::where(condition, 0.0, x);
    return xg::derive(xg::sum(kept), {x})["∂Loss/∂x"];
  };
  CHECK(gradient_where(c > 0.0).right == "[c ≤ 0]");
  CHECK(gradient_where(xg::broadcast_to(c > 0.0, {4, 3})).right == "[c ≤ 0]");
  CHECK(gradient_where(xg::expand_dims(xg::equal(c, 1.0), 0)).right == "[c ≠ 1]");
}
