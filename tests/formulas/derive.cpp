// Formulas pinned as text, as a textbook has them; and every one evaluated, against the gradient that wasn't
// simplified.
#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"

namespace xg = xgrad;
using xg::float64;
using xg::Tensor;

namespace {

using Lines = std::vector<std::string>;

Lines written(const std::vector<xg::Equation>& equations) {
  Lines lines;
  std::transform(equations.begin(), equations.end(), std::back_inserter(lines), [](const xg::Equation& equation) {
    return equation.left + " = " + equation.right + (equation.label.empty() ? "" : "  " + equation.label);
  });
  return lines;
}

// The largest difference, as a share of the largest element.
double difference(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  const double size = std::max({xg::max(xg::abs(b)).item(), 1e-300});
  return xg::max(xg::abs(a - b)).item() / size;
}

// Whether the printed formulas give y and its gradient.
void check_values(const xg::Derivation& derivation, const Tensor& y, const std::vector<Tensor>& xs,
                  const std::vector<std::string>& names) {
  CHECK(difference(derivation.forward.back().value, y) < 1e-14);
  const std::vector<Tensor> gradients = xg::gradients(y, xs);
  for (std::size_t i = 0; i < xs.size(); ++i) {
    CAPTURE(names[i]);
    CHECK(difference(derivation["∂Loss/∂" + names[i]].value, gradients[i]) < 1e-13);
  }
}

class Draw {
 public:
  xg::Parameter parameter(const xg::Shape& shape, const char* name) {
    return xg::Parameter{random_.normal(shape, 0, 1, float64), name};
  }
  Tensor data(const xg::Shape& shape, const char* name) {
    return random_.normal(shape, 0, 1, float64).eval().named(name);
  }
  Tensor uniform(const xg::Shape& shape, const char* name) {
    return random_.uniform(shape, 0, 1, float64).eval().named(name);
  }
  xg::Random& random() { return random_; }

 private:
  xg::Random random_{5};
};

struct Network {
  xg::nn::Sequential layers;
  Tensor x;
  Tensor y;
};

template <class Activation>
Network network(std::int64_t batch, bool activated_output) {
  Draw draw;
  xg::nn::Sequential layers{
      xg::nn::Dense{2, 3, draw.random(), {.dtype = float64, .bias = xg::nn::init::standard_normal}}, Activation{},
      xg::nn::Dense{3, 2, draw.random(), {.dtype = float64, .bias = xg::nn::init::standard_normal}}};
  if (activated_output) {
    layers.add(Activation{});
  }
  const xg::Shape in = batch == 1 ? xg::Shape{2} : xg::Shape{batch, 2};
  return {layers, draw.random().normal(in, 0, 1, float64).eval(), draw.random().uniform(in, 0, 1, float64).eval()};
}

const std::vector<std::string> two_layers{"W¹", "b¹", "W²", "b²"};

std::vector<Tensor> tensors(const xg::nn::Sequential& layers) {
  std::vector<Tensor> result;
  for (const xg::NamedParameter& parameter : layers.parameters()) {
    result.emplace_back(parameter);
  }
  return result;
}

}  // namespace

TEST_CASE("derive: one sample, sigmoid, quadratic loss: the document's BP1 to BP4, to the letter") {
  const auto [layers, x, y] = network<xg::nn::Sigmoid>(1, true);
  const Tensor loss = xg::nn::QuadraticLoss{}(layers(x), y);
  const xg::Derivation derivation = xg::derive(loss, layers.parameters());
  CHECK(written(derivation.forward) ==
        Lines{"z¹ = W¹ x + b¹", "a¹ = σ(z¹)", "z² = W² a¹ + b²", "a² = σ(z²)", "Loss = ½ Σ (a² − y)²"});
  CHECK(written(derivation.backward) == Lines{"δ² = (a² − y) ⊙ σ′(z²)  BP1", "∂Loss/∂b² = δ²  BP3",
                                              "∂Loss/∂W² = δ² a¹ᵀ  BP4", "δ¹ = (W²ᵀ δ²) ⊙ σ′(z¹)  BP2",
                                              "∂Loss/∂b¹ = δ¹  BP3", "∂Loss/∂W¹ = δ¹ xᵀ  BP4"});
  CHECK(derivation.notes == Lines{"δˡ := ∂Loss/∂zˡ"});
  check_values(derivation, loss, tensors(layers), two_layers);
  CHECK(derivation["δ²"].shape == xg::Shape{2});
  CHECK(derivation["δ¹"].uses == Lines{"W²", "δ²", "z¹"});
}

TEST_CASE("derive: a batch with the mean of its losses") {
  const auto [layers, x, y] = network<xg::nn::Sigmoid>(5, true);
  const Tensor loss = xg::nn::QuadraticLoss{}(layers(x), y);
  const xg::Derivation derivation = xg::derive(loss, layers.parameters());
  CHECK(written(derivation.forward) ==
        Lines{"z¹ = x W¹ᵀ + b¹", "a¹ = σ(z¹)", "z² = a¹ W²ᵀ + b²", "a² = σ(z²)", "Loss = 1/10 Σ (a² − y)²"});
  CHECK(written(derivation.backward) == Lines{"δ² = ⅕ (a² − y) ⊙ σ′(z²)", "∂Loss/∂b² = Σ₀ δ²", "∂Loss/∂W² = δ²ᵀ a¹",
                                              "δ¹ = (δ² W²) ⊙ σ′(z¹)", "∂Loss/∂b¹ = Σ₀ δ¹", "∂Loss/∂W¹ = δ¹ᵀ x"});
  check_values(derivation, loss, tensors(layers), two_layers);
}

TEST_CASE("derive: losses whose derivative at the output is a − y, with nothing left over") {
  SUBCASE("sigmoid with the binary cross-entropy") {
    const auto [layers, x, y] = network<xg::nn::Sigmoid>(1, false);
    const Tensor loss = xg::nn::BinaryCrossEntropy{}(layers(x), y);
    const xg::Derivation derivation = xg::derive(loss, layers.parameters());
    CHECK(derivation["δ²"].right == "a² − y");
    CHECK(derivation["a²"].right == "σ(z²)");
    check_values(derivation, loss, tensors(layers), two_layers);
  }
  SUBCASE("the same of a batch") {
    const auto [layers, x, y] = network<xg::nn::Tanh>(5, false);
    const Tensor loss = xg::nn::BinaryCrossEntropy{}(layers(x), y);
    const xg::Derivation derivation = xg::derive(loss, layers.parameters());
    CHECK(derivation["δ²"].right == "⅕ (a² − y)");
    check_values(derivation, loss, tensors(layers), two_layers);
  }
  SUBCASE("softmax with the cross-entropy, classes as probabilities") {
    const auto [layers, x, y] = network<xg::nn::Sigmoid>(1, false);
    const Tensor target = xg::tensor({0.25, 0.75}, float64);
    const Tensor loss = xg::nn::CrossEntropy{}(layers(x), target);
    const xg::Derivation derivation = xg::derive(loss, layers.parameters());
    CHECK(derivation["δ²"].right == "a² − y");
    CHECK(derivation["a²"].right == "softmax(z²)");
    CHECK(std::any_of(derivation.notes.begin(), derivation.notes.end(),
                      [](const std::string& note) { return note.find("Σ = 1") != std::string::npos; }));
    check_values(derivation, loss, tensors(layers), two_layers);
  }
  SUBCASE("softmax with the cross-entropy, classes as indices") {
    const auto [layers, x, y] = network<xg::nn::ReLU>(5, false);
    const Tensor target = xg::tensor({0, 1, 1, 0, 1}, xg::int64);
    const Tensor loss = xg::nn::CrossEntropy{}(layers(x), target);
    const xg::Derivation derivation = xg::derive(loss, layers.parameters());
    CHECK(derivation["δ²"].right == "⅕ (a² − one_hot(y))");
    CHECK(derivation["δ¹"].right == "(δ² W²) ⊙ relu′(z¹)");
    check_values(derivation, loss, tensors(layers), two_layers);
  }
  SUBCASE("weights that don't sum to 1 are no probabilities") {
    const auto [layers, x, y] = network<xg::nn::Sigmoid>(1, false);
    const Tensor target = xg::tensor({0.5, 0.75}, float64);
    const Tensor loss = xg::nn::CrossEntropy{}(layers(x), target);
    const xg::Derivation derivation = xg::derive(loss, layers.parameters());
    CHECK(derivation["δ²"].right == "(Σ y) a² − y");
    check_values(derivation, loss, tensors(layers), two_layers);
  }
  SUBCASE("identity with the quadratic loss") {
    const auto [layers, x, y] = network<xg::nn::Tanh>(1, false);
    const Tensor loss = xg::nn::QuadraticLoss{}(layers(x), y);
    const xg::Derivation derivation = xg::derive(loss, layers.parameters());
    CHECK(derivation["δ²"].right == "z² − y");
    CHECK(derivation["δ¹"].right == "(W²ᵀ δ²) ⊙ tanh′(z¹)");
    check_values(derivation, loss, tensors(layers), two_layers);
  }
  SUBCASE("the binary cross-entropy written out by hand") {
    Draw draw;
    const xg::Parameter w = draw.parameter({1, 3}, "w");
    const Tensor x = draw.data({3}, "x");
    const Tensor y = draw.uniform({1}, "y");
    const Tensor a = xg::sigmoid(xg::matmul(w, x)).named("a");
    const Tensor loss = -xg::sum(y * xg::log(a) + (1.0 - y) * xg::log(1.0 - a));
    const xg::Derivation derivation = xg::derive(loss, {w});
    CHECK(derivation["∂Loss/∂w"].right == "(a − y) xᵀ");
    check_values(derivation, loss, {w}, {"w"});
  }
  SUBCASE("the cross-entropy written out by hand") {
    Draw draw;
    const xg::Parameter W = draw.parameter({4, 3}, "W");
    const Tensor x = draw.data({3}, "x");
    const Tensor y = xg::tensor({0, 1, 0, 0}, float64).named("y");
    const Tensor z = xg::matmul(W, x).named("z");
    const Tensor a = xg::softmax(z, -1).named("a");
    const Tensor loss = -xg::sum(y * xg::log(a));
    const xg::Derivation derivation = xg::derive(loss, {W});
    CHECK(derivation["δ_z"].right == "a − y");
    CHECK(derivation["∂Loss/∂W"].right == "δ_z xᵀ");
    check_values(derivation, loss, {W}, {"W"});
  }
}

TEST_CASE("derive: softmax and the quadratic loss keep the whole Jacobian") {
  const auto [layers, x, y] = network<xg::nn::Softmax>(1, true);
  const Tensor loss = xg::nn::QuadraticLoss{}(layers(x), y);
  const xg::Derivation derivation = xg::derive(loss, layers.parameters());
  CHECK(derivation["δ²"].right == "(a² − y − Σ ((a² − y) ⊙ a²)) ⊙ a²");
  check_values(derivation, loss, tensors(layers), two_layers);
}

TEST_CASE("derive: a residual block adds its input, and its gradient skips the block") {
  Draw draw;
  const xg::Parameter W = draw.parameter({4, 4}, "W");
  const xg::Parameter V = draw.parameter({4, 4}, "V");
  const xg::Parameter U = draw.parameter({4, 4}, "U");
  const Tensor x = draw.data({4}, "x");
  const Tensor y = draw.data({4}, "y");
  const Tensor u = xg::matmul(U, x).named("u");
  const Tensor h = (u + xg::matmul(V, xg::sigmoid(xg::matmul(W, u)))).named("h");
  const Tensor loss = 0.5 * xg::sum(xg::square(h - y));
  const xg::Derivation derivation = xg::derive(loss, {W, V, U});
  CHECK(written(derivation.forward) == Lines{"u = U x", "h = u + V σ(W u)", "Loss = ½ Σ (h − y)²"});
  CHECK(derivation["δ_h"].right == "h − y");
  CHECK(derivation["∂Loss/∂V"].right == "δ_h σ(W u)ᵀ");
  CHECK(derivation["∂Loss/∂U"].right == "δ_u xᵀ");
  check_values(derivation, loss, {W, V, U}, {"W", "V", "U"});
}

TEST_CASE("derive: tied weights get a term for each use") {
  Draw draw;
  const xg::Parameter W = draw.parameter({4, 3}, "W");
  const Tensor x = draw.data({3}, "x");
  const Tensor y = draw.data({3}, "y");
  const Tensor h = xg::tanh(xg::matmul(W, x)).named("h");
  const Tensor o = xg::matmul(xg::transpose(W), h).named("o");
  const Tensor loss = 0.5 * xg::sum(xg::square(o - y));
  const xg::Derivation derivation = xg::derive(loss, {W});
  CHECK(written(derivation.backward) ==
        Lines{"δ_o = o − y", "δ_h = W δ_o", "∂Loss/∂W = h δ_oᵀ + (δ_h ⊙ tanh′(W x)) xᵀ"});
  check_values(derivation, loss, {W}, {"W"});
}

TEST_CASE("derive: attention") {
  Draw draw;
  const xg::Parameter Q = draw.parameter({4, 3}, "W_q");
  const xg::Parameter K = draw.parameter({4, 3}, "W_k");
  const xg::Parameter V = draw.parameter({4, 3}, "W_v");
  const Tensor x = draw.data({5, 4}, "X");
  const Tensor y = draw.data({5, 3}, "Y");
  const Tensor q = xg::matmul(x, Q).named("Q");
  const Tensor k = xg::matmul(x, K).named("K");
  const Tensor v = xg::matmul(x, V).named("V");
  const Tensor s = (xg::matmul(q, xg::transpose(k)) * 0.5).named("S");
  const Tensor a = xg::softmax(s, -1).named("A");
  const Tensor o = xg::matmul(a, v).named("O");
  const Tensor loss = 0.5 * xg::sum(xg::square(o - y));
  const xg::Derivation derivation = xg::derive(loss, {Q, K, V});
  CHECK(derivation["S"].right == "½ Q Kᵀ");
  CHECK(derivation["A"].right == "softmax(S)");
  CHECK(derivation["δ_V"].right == "Aᵀ δ_O");
  CHECK(derivation["δ_A"].right == "δ_O Vᵀ");
  CHECK(derivation["δ_S"].right == "(δ_A − Σ₁ (δ_A ⊙ A)) ⊙ A");
  CHECK(derivation["δ_Q"].right == "½ δ_S K");
  CHECK(derivation["δ_K"].right == "½ δ_Sᵀ Q");
  CHECK(derivation["∂Loss/∂W_q"].right == "Xᵀ δ_Q");
  check_values(derivation, loss, {Q, K, V}, {"W_q", "W_k", "W_v"});
}

TEST_CASE("derive: layer normalisation") {
  Draw draw;
  const xg::Parameter gamma = draw.parameter({6}, "γ");
  const xg::Parameter beta = draw.parameter({6}, "β");
  const xg::Parameter W = draw.parameter({6, 4}, "W");
  const Tensor x = draw.data({5, 4}, "x");
  const Tensor y = draw.data({5, 6}, "y");
  const Tensor u = xg::matmul(x, xg::transpose(W)).named("u");
  const Tensor c = (u - xg::mean(u, -1, true)).named("c");
  const Tensor s = xg::rsqrt(xg::mean(xg::square(c), -1, true) + 0.001).named("s");
  const Tensor n = (c * s).named("n");
  const Tensor o = (gamma * n + beta).named("o");
  const Tensor loss = 0.5 * xg::sum(xg::square(o - y));
  const xg::Derivation derivation = xg::derive(loss, {W, gamma, beta});
  CHECK(derivation["c"].right == "u − ⅙ Σ₁ u");
  CHECK(derivation["s"].right == "1 / √(⅙ Σ₁ c² + 1/1000)");
  CHECK(derivation["∂Loss/∂γ"].right == "Σ₀ (δ_o ⊙ n)");
  CHECK(derivation["∂Loss/∂β"].right == "Σ₀ δ_o");
  CHECK(derivation["δ_n"].right == "δ_o ⊙ γ");
  CHECK(derivation["δ_u"].right == "δ_c − ⅙ Σ₁ δ_c");
  CHECK(derivation["∂Loss/∂W"].right == "δ_uᵀ x");
  check_values(derivation, loss, {W, gamma, beta}, {"W", "γ", "β"});
}

TEST_CASE("derive: a recurrent cell adds up its steps") {
  Draw draw;
  const xg::Parameter W = draw.parameter({3, 3}, "W");
  const xg::Parameter U = draw.parameter({3, 2}, "U");
  Tensor h = draw.data({3}, "h0");
  for (const char* step : {"1", "2"}) {
    const Tensor x = draw.data({2}, (std::string{"x"} + step).c_str());
    const Tensor z = (xg::matmul(W, h) + xg::matmul(U, x)).named(std::string{"z"} + step);
    h = xg::tanh(z).named(std::string{"h"} + step);
  }
  const Tensor y = draw.data({3}, "y");
  const Tensor loss = 0.5 * xg::sum(xg::square(h - y));
  const xg::Derivation derivation = xg::derive(loss, {W, U});
  CHECK(derivation["δ_z2"].right == "δ_h2 ⊙ tanh′(z2)");
  CHECK(derivation["δ_h1"].right == "Wᵀ δ_z2");
  CHECK(derivation["∂Loss/∂W"].right == "δ_z2 h1ᵀ + δ_z1 h0ᵀ");
  CHECK(derivation["∂Loss/∂U"].right == "δ_z2 x2ᵀ + δ_z1 x1ᵀ");
  check_values(derivation, loss, {W, U}, {"W", "U"});
}

TEST_CASE("derive: a convolution by slices") {
  Draw draw;
  const xg::Parameter w = draw.parameter({2}, "w");
  const Tensor x = draw.data({8}, "x");
  const Tensor y = draw.data({7}, "y");
  const Tensor o =
      (w.value().at({0}) * x.at({xg::Slice{0, 7}}) + w.value().at({1}) * x.at({xg::Slice{1, 8}})).named("o");
  const Tensor loss = 0.5 * xg::sum(xg::square(o - y));
  const xg::Derivation derivation = xg::derive(loss, {w});
  CHECK(derivation["o"].right == "w[0] x[0:7] + w[1] x[1:8]");
  CHECK(derivation["∂Loss/∂w"].right == "[Σ (δ_o ⊙ x[0:7]); Σ (δ_o ⊙ x[1:8])]");
  check_values(derivation, loss, {w}, {"w"});
}

TEST_CASE("derive: jvp and second derivatives print as any tensor does") {
  Draw draw;
  const Tensor x = xg::variable(draw.data({4}, "x")).named("x");
  const Tensor v = draw.data({4}, "v");
  const Tensor f = xg::sum(xg::tanh(x));
  const Tensor gradient = xg::gradients(f, {x})[0];
  const Tensor product = xg::gradients(xg::sum(gradient * v), {x})[0];
  const xg::Derivation derivation =
      xg::formulas_of({{"∇f", gradient}, {"Hv", product}, {"t", xg::jvp({xg::sigmoid(x)}, {x}, {v})[0]}});
  CHECK(written(derivation.forward) == Lines{"∇f = tanh′(x)", "Hv = −2 v ⊙ tanh(x) ⊙ ∇f", "t = v ⊙ σ′(x)"});
  CHECK(difference(derivation["Hv"].value, product) < 1e-14);
  CHECK(difference(derivation["∇f"].value, gradient) < 1e-14);
}

TEST_CASE("derive: a layer by itself, with the cotangent of its output given") {
  Draw draw;
  const xg::nn::Dense dense{3, 2, draw.random(), {.dtype = float64}};
  const Tensor x = xg::variable(draw.data({3}, "x")).named("x");
  const Tensor G = draw.data({2}, "G");
  const Tensor z = dense(x).named("z");
  const xg::Derivation derivation = xg::derive(z, {x, dense.W, dense.b}, {.cotangent = G});
  CHECK(derivation["∂Loss/∂x"].right == "Wᵀ G");
  CHECK(derivation["∂Loss/∂W"].right == "G xᵀ");
  CHECK(derivation["∂Loss/∂b"].right == "G");
  CHECK(derivation.notes == Lines{"G := ∂Loss/∂z, given"});
  CHECK(difference(derivation["∂Loss/∂x"].value, xg::gradients(z, {x}, {.cotangent = G})[0]) < 1e-14);
}

TEST_CASE("derive: what is used twice appears once, and long lines are cut up") {
  Draw draw;
  const Tensor x = xg::variable(draw.data({3}, "x")).named("x");
  Tensor y = x;
  for (int i = 0; i < 40; ++i) {
    y = xg::sin(y * 1.5 + 0.25) * y;
  }
  const Tensor loss = xg::sum(y);
  const xg::Derivation derivation = xg::derive(loss, {x}, {.line_width = 60});
  for (const std::vector<xg::Equation>* part : {&derivation.forward, &derivation.backward}) {
    for (const xg::Equation& equation : *part) {
      CHECK(equation.right.size() < 240);
    }
  }
  CHECK(difference(derivation["∂Loss/∂x"].value, xg::gradients(loss, {x})[0]) < 1e-12);
}

TEST_CASE("derive: a tensor that was evaluated before is looked into all the same") {
  const auto [layers, x, y] = network<xg::nn::Sigmoid>(1, true);
  const Tensor loss = xg::nn::QuadraticLoss{}(layers(x), y);
  CHECK(loss.item() > 0);
  CHECK(xg::derive(loss, layers.parameters())["δ²"].right == "(a² − y) ⊙ σ′(z²)");
}

TEST_CASE("derive: names that options give come first") {
  Draw draw;
  const xg::Parameter W = draw.parameter({2, 2}, "W");
  const Tensor x = draw.random().normal({2}, 0, 1, float64).eval();
  const Tensor loss = xg::sum(xg::matmul(W, x));
  const xg::Derivation derivation = xg::derive(loss, {W}, {.names = {{"input", x}, {"weights", W}}});
  CHECK(derivation["∂Loss/∂weights"].right == "1 inputᵀ");
}

TEST_CASE("derive: errors name what is wrong") {
  Draw draw;
  const xg::Parameter W = draw.parameter({2, 2}, "W");
  const xg::Parameter other = draw.parameter({2}, "other");
  const Tensor y = xg::sum(xg::square(W));
  CHECK_THROWS_AS(static_cast<void>(xg::derive(Tensor{}, {W})), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(xg::derive(xg::square(W), {W})), xg::ShapeError);
  CHECK(contains(message_of<xg::Error>([&] { return xg::derive(y, {other}); }), "other"));
  CHECK_THROWS_AS(static_cast<void>(xg::formulas_of({})), xg::ValueError);
  CHECK(contains(message_of<xg::Error>([&] { return xg::derive(y, {W})["δ"]; }), "∂Loss/∂W"));
}

TEST_CASE("derive: LaTeX and Graphviz have every equation") {
  const auto [layers, x, y] = network<xg::nn::Sigmoid>(1, true);
  const Tensor loss = xg::nn::QuadraticLoss{}(layers(x), y);
  const xg::Derivation derivation = xg::derive(loss, layers.parameters());
  const std::string latex = derivation.latex();
  CHECK(contains(latex, "\\delta^{2} &= \\left(a^{2} - y\\right) \\odot \\sigma'\\left(z^{2}\\right)"));
  CHECK(contains(latex, "\\delta^{1} &= \\left({W^{2}}^{\\top} \\delta^{2}\\right) \\odot \\sigma'"));
  CHECK(contains(latex, "\\frac{\\partial Loss}{\\partial W^{1}}") == false);
  CHECK(contains(latex, "\\frac{\\partial \\mathrm{Loss}}{\\partial W^{1}} &= \\delta^{1} {x}^{\\top}"));
  CHECK(contains(latex, "\\text{BP1}"));
  const std::string dot = derivation.dot();
  CHECK(contains(dot, "\"δ²\" -> \"δ¹\""));
  CHECK(contains(dot, "\"δ¹\" [label=\"δ¹ = (W²ᵀ δ²) ⊙ σ′(z¹)\\n(3,)   BP2\""));
  CHECK(contains(derivation.text(), "(6)  δ²        = (a² − y) ⊙ σ′(z²)  (2,)        BP1"));
}

TEST_CASE("derive: by tensors on the way, also those that simplification goes around") {
  Draw draw;
  const xg::Parameter W = draw.parameter({3, 4}, "W");
  const Tensor x = draw.data({5, 4}, "x");
  const Tensor y = xg::softmax(draw.data({5, 3}, "logits"), -1).eval().named("y");
  const Tensor z = xg::matmul(x, xg::transpose(W.value())).named("z");
  {
    // log softmax(z) is computed without p, but ∂Loss/∂p is asked for.
    const Tensor p = xg::softmax(z, -1).named("p");
    const Tensor loss = -xg::sum(y * xg::log(p));
    const xg::Derivation derivation = xg::derive(loss, {p, z, W});
    CHECK(written(derivation.backward) == Lines{"δ_p = −y / p", "∂Loss/∂p = δ_p", "δ_z = (δ_p − Σ₁ (δ_p ⊙ p)) ⊙ p",
                                                "∂Loss/∂z = δ_z", "∂Loss/∂W = δ_zᵀ x"});
    check_values(derivation, loss, {p, z, W}, {"p", "z", "W"});
    // By hand: −y / p.
    CHECK(difference(derivation["∂Loss/∂p"].value, -y / p) < 1e-14);
    // Not asked for, it isn't in the way of the textbook's formula.
    CHECK(xg::derive(loss, {W})["δ_z"].right == "p − y");
  }
  {
    // Of two uses, simplification goes around one.
    const Tensor p = xg::softmax(z, -1).named("p");
    const Tensor loss = xg::sum(xg::square(p)) - xg::sum(y * xg::log(p));
    check_values(xg::derive(loss, {p, W}), loss, {p, W}, {"p", "W"});
    CHECK(difference(xg::derive(loss, {p})["∂Loss/∂p"].value, 2.0 * p - y / p) < 1e-14);
  }
}

TEST_CASE("derive: tensors on the way without names, or that are one after simplification, are told apart") {
  Draw draw;
  const xg::Parameter W = draw.parameter({3}, "W");
  {
    // ∂/∂s = q and ∂/∂q = s + s q are tensors of the forward pass too.
    const Tensor q = xg::sin(W.value());
    const Tensor s = xg::exp(q);
    const Tensor loss = xg::sum(s * q);
    const xg::Derivation derivation = xg::derive(loss, {q, s, W});
    CHECK(written(derivation.forward) == Lines{"u¹ = sin(W)", "u² = exp(u¹)", "Loss = Σ (u² ⊙ u¹)"});
    CHECK(derivation["∂Loss/∂u²"].value.to_vector<double>() == q.to_vector<double>());
    CHECK(difference(derivation["∂Loss/∂u¹"].value, s + s * q) < 1e-14);
    CHECK(difference(derivation["∂Loss/∂W"].value, (s + s * q) * xg::cos(W.value())) < 1e-14);
  }
  {
    const Tensor z = xg::sin(W.value()).named("z");
    const Tensor q = (z * 1.0).named("q");
    const Tensor loss = xg::sum(xg::square(q)) + xg::sum(z);
    const xg::Derivation derivation = xg::derive(loss, {q, z});
    CHECK(difference(derivation["∂Loss/∂q"].value, 2.0 * z) < 1e-14);
    CHECK(difference(derivation["∂Loss/∂z"].value, 2.0 * z + 1.0) < 1e-14);
  }
}

TEST_CASE("derive: says which way a vector is repeated") {
  Draw draw;
  const xg::Parameter B = draw.parameter({5, 5}, "B");
  const auto notes_of = [&](const Tensor& m) {
    const xg::Derivation derivation = xg::derive(xg::sum(xg::square(m)), {B});
    return derivation.notes;
  };
  const auto says = [](const Lines& notes) {
    return std::any_of(notes.begin(), notes.end(),
                       [](const std::string& note) { return contains(note, "is repeated along it"); });
  };
  CHECK(says(notes_of(xg::mean(B.value(), 1).named("m"))));
  CHECK(says(notes_of(xg::max(B.value(), 1).named("m"))));
  CHECK_FALSE(says(notes_of(xg::mean(B.value(), 0).named("m"))));
  CHECK_FALSE(says(notes_of(xg::mean(B.value(), 1, true).named("m"))));
}

TEST_CASE("derive: notes in LaTeX have names that LaTeX takes") {
  Draw draw;
  const xg::Parameter w = draw.parameter({3}, "w");
  const Tensor mean = xg::sin(w.value()).named("μ");
  const Tensor both = xg::exp(mean).named("x&y");
  const std::string latex = xg::derive(xg::sum(xg::square(both)), {mean, w}).latex();
  CHECK(contains(latex, "$\\mu$"));
  CHECK_FALSE(contains(latex, "μ"));
  CHECK_FALSE(contains(latex, "x&y"));
}
