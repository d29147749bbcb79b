// Normalisation layers derive to the textbook's formulas: two terms with means, and none that is zero.
#include <algorithm>
#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/equations.hpp"

namespace xg = xgrad;
using xg::float64;
using xg::Tensor;
using xg::test::Lines;
using xg::test::lines_of;

namespace {

struct Problem {
  xg::Random random{3};
  xg::Parameter W{random.normal({4, 3}, 0, 1, float64), "W"};
  Tensor x = random.normal({5, 3}, 0, 1, float64).eval().named("x");
  Tensor y = random.normal({5, 4}, 0, 1, float64).eval().named("y");
  Tensor h = xg::matmul(x, xg::transpose(W)).named("h");

  template <class Layer>
  [[nodiscard]] xg::Derivation derive(const Layer& layer, const std::vector<Tensor>& xs) const {
    return xg::derive(0.5 * xg::sum(xg::square(layer(h) - y)), xs);
  }
};

// What is printed has the gradient's value.
void check_values(const xg::Derivation& derivation, const Tensor& gradient, const std::string& name) {
  const Tensor found = derivation[name].value;
  CHECK(xg::max(xg::abs(found - gradient)).item() < 1e-12 * xg::max(xg::abs(gradient)).item());
}

}  // namespace

TEST_CASE("LayerNorm: derives to the two means of the textbook") {
  const Problem problem;
  const xg::nn::LayerNorm norm{4, {.dtype = float64}};
  const xg::Derivation derivation = problem.derive(norm, {problem.W, norm.weight, norm.bias});
  CHECK(lines_of(derivation.forward) ==
        Lines{"h = x Wᵀ", "x̂ = normalize(h; axes=(1), epsilon=1e-05)", "z = x̂ ⊙ weight + bias", "Loss = ½ Σ (z − y)²"});
  CHECK(lines_of(derivation.backward) ==
        Lines{"δ = z − y", "∂Loss/∂weight = Σ₀ (δ ⊙ x̂)", "∂Loss/∂bias = Σ₀ δ", "δ_x̂ = δ ⊙ weight",
              "δ_h = (δ_x̂ − ¼ Σ₁ δ_x̂ − ¼ (Σ₁ (δ_x̂ ⊙ x̂)) ⊙ x̂) / deviation(h; axes=(1), epsilon=1e-05)",
              "∂Loss/∂W = δ_hᵀ x"});
  const Tensor loss = 0.5 * xg::sum(xg::square(norm(problem.h) - problem.y));
  check_values(derivation, xg::gradients(loss, {problem.W})[0], "∂Loss/∂W");
}

TEST_CASE("LayerNorm: in LaTeX") {
  const Problem problem;
  const xg::nn::LayerNorm norm{4, {.dtype = float64}};
  const std::string latex = problem.derive(norm, {problem.W, norm.weight, norm.bias}).latex();
  const auto has = [&](const char* part) { return latex.find(part) != std::string::npos; };
  CHECK(has(R"(\hat{x} &= \operatorname{normalize}\left(h; \text{axes=(1)}, \text{epsilon=1e-05}\right))"));
  CHECK(has(R"(\delta_{h} &= \frac{\left(\delta_{\hat{x}} - \tfrac{1}{4} \sum_{1} \delta_{\hat{x}})"
            R"( - \tfrac{1}{4} \left(\sum_{1} \left(\delta_{\hat{x}} \odot \hat{x}\right)\right) \odot \hat{x}\right)})"
            R"({\operatorname{deviation}\left(h; \text{axes=(1)}, \text{epsilon=1e-05}\right)})"));
}

TEST_CASE("LayerNorm: the hat of x̂ takes no column of its own") {
  const Problem problem;
  const xg::nn::LayerNorm norm{4, {.affine = false, .dtype = float64}};
  const std::string text = problem.derive(norm, {problem.W}).text();
  // Padded to ∂Loss/∂W; x̂ has three bytes and two code points.
  CHECK(text.find("  x̂        = ") != std::string::npos);
  CHECK(text.find("  h        = ") != std::string::npos);
}

TEST_CASE("RMSNorm: derives with one mean") {
  const Problem problem;
  const xg::nn::RMSNorm norm{4, {.dtype = float64}};
  const xg::Derivation derivation = problem.derive(norm, {problem.W, norm.weight});
  CHECK(derivation["δ_h"].right == "(δ_x̂ − ¼ (Σ₁ (δ_x̂ ⊙ x̂)) ⊙ x̂) / root_mean_square(h; axes=(1), epsilon=1e-05)");
}

TEST_CASE("BatchNorm: derives to the two means of the textbook, over the batch") {
  const Problem problem;
  const xg::nn::BatchNorm norm{4, {.dtype = float64}};
  const xg::Derivation derivation = problem.derive(norm, {problem.W, norm.weight, norm.bias});
  CHECK(lines_of(derivation.forward) ==
        Lines{"h = x Wᵀ", "x̂ = normalize(h; axes=(0), epsilon=1e-05)", "z = x̂ ⊙ weight + bias", "Loss = ½ Σ (z − y)²"});
  CHECK(derivation["δ_h"].right == "(δ_x̂ − ⅕ Σ₀ δ_x̂ − ⅕ (Σ₀ (δ_x̂ ⊙ x̂)) ⊙ x̂) / deviation(h; axes=(0), epsilon=1e-05)");
}

TEST_CASE("InstanceNorm: derives to the two means of the textbook, over a channel of a sample") {
  xg::Random random{3};
  const xg::Parameter p{random.normal({3, 2, 3}, 0, 1, float64), "p"};
  const xg::nn::InstanceNorm1d norm{2, {.dtype = float64}};
  const xg::Derivation derivation = xg::derive(0.5 * xg::sum(xg::square(norm(p) - 2.0)), {p});
  CHECK(derivation["∂Loss/∂p"].right ==
        "(δ_x̂ − ⅓ Σ₂ δ_x̂ − ⅓ (Σ₂ (δ_x̂ ⊙ x̂)) ⊙ x̂) / deviation(p; axes=(2), epsilon=1e-05)");
}

TEST_CASE(
    "normalize: the derivative of the derivation's own terms closes: a Hessian times a vector is one more graph") {
  xg::Random random{5};
  const Tensor x = xg::variable(random.normal({3, 4}, 0, 1, float64));
  const Tensor v = random.normal({3, 4}, 0, 1, float64).eval();
  const Tensor w = random.normal({3, 4}, 0, 1, float64).eval();
  const Tensor first = xg::gradients(xg::sum(xg::normalize(x, -1, 0.1) * w), {x})[0];
  const Tensor hv = xg::gradients(xg::sum(first * v), {x})[0];
  const xg::Derivation printed = xg::formulas_of({{"Hv", hv}});
  const Tensor found = printed["Hv"].value;
  CHECK(xg::max(xg::abs(found - hv)).item() < 1e-12);
}

namespace {

// (h − μ) / √(σ² + ε) over axes, as a user writes it.
Tensor normalized_by_hand(const Tensor& h, const xg::Axes& axes, bool named) {
  const Tensor mu = xg::mean(h, axes, true);
  const Tensor d = h - (named ? mu.named("μ") : mu);
  const Tensor variance = xg::mean(xg::square(named ? d.named("d") : d), axes, true);
  return d / xg::sqrt((named ? variance.named("v") : variance) + 1e-5);
}

}  // namespace

TEST_CASE("normalisation by hand: of the mean's path, what the variance sends there is 0, and isn't printed") {
  for (const std::int64_t axis : {0, 1}) {
    CAPTURE(axis);
    const Problem problem;
    const auto layer = [&](const Tensor& h) { return normalized_by_hand(h, axis, false); };
    const xg::Derivation derivation = problem.derive(layer, {problem.W});
    // t² + t³ − mean(t²), where t³ = −d mean(t¹ d / …) has the mean 0 as d has.
    const std::string d = axis == 0 ? "(h − ⅕ Σ₀ h)" : "(h − ¼ Σ₁ h)";
    const std::string variance = axis == 0 ? "(⅕ Σ₀ " + d + "² + 1e-05)" : "(¼ Σ₁ " + d + "² + 1e-05)";
    const std::string mean = axis == 0 ? "⅕ Σ₀ " : "¼ Σ₁ ";
    const std::string of_products = mean.substr(0, mean.find(' ')) + " (" + mean.substr(mean.find(' ') + 1);
    CHECK(derivation["t²"].right == "t¹ / √" + variance);
    CHECK(derivation["t³"].right ==
          "−" + of_products + "(t¹ ⊙ " + d + " / " + variance + ")) ⊙ " + d + " / √" + variance);
    CHECK(derivation["t⁴"].right == "t² + t³");
    CHECK(derivation["δ_h"].right == "t⁴ − " + mean + "t²");
    const Tensor loss = 0.5 * xg::sum(xg::square(layer(problem.h) - problem.y));
    check_values(derivation, xg::gradients(loss, {problem.W})[0], "∂Loss/∂W");
  }
}

TEST_CASE("normalisation by hand: names that were given stay in the sums that they are in") {
  const Problem problem;
  const auto layer = [&](const Tensor& h) { return normalized_by_hand(h, 1, true); };
  const xg::Derivation derivation = problem.derive(layer, {problem.W});
  CHECK(derivation["δ_μ"].right == "−Σ₁ δ_d");
  CHECK(derivation["δ_d"].right == "t¹ / √(v + 1e-05) + ½ δ_v ⊙ d");
  const Tensor loss = 0.5 * xg::sum(xg::square(layer(problem.h) - problem.y));
  check_values(derivation, xg::gradients(loss, {problem.W})[0], "∂Loss/∂W");
}

TEST_CASE("a sum that is 0 for all values is printed as 0, one that only looks like it isn't") {
  xg::Random random{7};
  const xg::Parameter a{random.normal({4, 4}, 0, 1, float64), "a"};
  const xg::Parameter b{random.normal({4, 4}, 0, 1, float64), "b"};
  const auto mean = [](const Tensor& x, std::int64_t axis) { return xg::mean(x, axis, true); };
  const auto printed = [](const Tensor& x) {
    const xg::Derivation derivation = xg::formulas_of({{"s", x}});
    CHECK(xg::max(xg::abs(derivation["s"].value - x)).item() < 1e-14);
    return derivation["s"].right;
  };
  const auto squared = [](const Tensor& s) { return s + 1.0; };  // so that a 0 stands in something
  CHECK(printed(squared(xg::sum(a - mean(a, 1), 1))) == "1");
  CHECK(printed(squared(xg::sum(a - xg::mean(a, 0), 0))) == "1");
  CHECK(printed(squared(xg::sum(3.0 * (a + b) - 3.0 * mean(b + a, 1), 1))) == "1");
  CHECK(printed(squared(xg::sum((a - mean(a, 1)) * mean(b, 1), 1))) == "1");
  CHECK(printed(squared(xg::sum(a - xg::mean(a)))) == "1");
  CHECK(printed(squared(xg::sum((a - mean(a, 1)) * mean(b, 1) + b, 1))) == "Σ₁ b + 1");
  // What is repeated along one of the axes counts as often on both sides.
  CHECK(printed(squared(xg::sum(a + mean(b, 1) - xg::mean(a + mean(b, 1))))) == "1");
  // Another axis, another tensor, another number of them, weights that vary along the axis, rows taken for columns,
  // small numbers.
  for (const Tensor& s :
       {xg::sum(a - mean(a, 0), 1), xg::sum(a - mean(b, 1), 1), xg::sum(a - 0.5 * mean(a, 1), 1),
        xg::sum((a - mean(a, 1)) * b, 1), xg::sum(a - xg::mean(a, 1), 1), xg::sum(a - xg::transpose(mean(a, 1)), 0),
        xg::sum(xg::square(a - mean(a, 1)), 1), xg::sum(1e-13 * a + 3e-13 * b, 1)}) {
    CHECK(printed(squared(s)) != "1");
  }
}
