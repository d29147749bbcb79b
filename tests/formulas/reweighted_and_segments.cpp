// What reweighted layers and segments of rows derive to, and that what is printed is the gradient.
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
  Tensor h = xg::matmul(x, xg::transpose(W)).named("h");
  Tensor segments = xg::from_vector(std::vector<std::int64_t>{0, 1, 1, 0, 2}, {5}).named("s");
};

void check_values(const xg::Derivation& derivation, const Tensor& loss, const xg::Parameter& parameter) {
  const Tensor gradient = xg::gradients(loss, {parameter})[0];
  const Tensor found = derivation["∂Loss/∂" + parameter.name()].value;
  CHECK(xg::max(xg::abs(found - gradient)).item() < 1e-12 * xg::max(xg::abs(gradient)).item());
}

}  // namespace

TEST_CASE("segment_sum, segment_mean: the gradient is taken back from the segments") {
  const Problem problem;
  const Tensor sums = 0.5 * xg::sum(xg::square(xg::segment_sum(problem.h, problem.segments, 3)));
  const xg::Derivation of_sums = xg::derive(sums, {problem.W});
  CHECK(of_sums["δ_h"].right == "segment_sum(h, s; count=3)[s]");
  check_values(of_sums, sums, problem.W);
  const Tensor means = 0.5 * xg::sum(xg::square(xg::segment_mean(problem.h, problem.segments, 3)));
  const xg::Derivation of_means = xg::derive(means, {problem.W});
  CHECK(of_means["δ_h"].right == "(segment_sum(h, s; count=3) / max(segment_sum(1, s; count=3), 1)²)[s]");
  check_values(of_means, means, problem.W);
}

TEST_CASE("segment_softmax: P ⊙ (g − what is taken back of Σ g P)") {
  const Problem problem;
  const Tensor p = xg::segment_softmax(problem.h, problem.segments, 3).named("P");
  const Tensor loss = 0.5 * xg::sum(xg::square(p));
  const xg::Derivation derivation = xg::derive(loss, {problem.W});
  CHECK(derivation["P"].right == "segment_softmax(h, s; count=3)");
  CHECK(derivation["δ_h"].right == "(δ_P − segment_sum(δ_P ⊙ P, s; count=3)[s]) ⊙ P");
  check_values(derivation, loss, problem.W);
}

TEST_CASE("WeightNorm: the weight's gradient less its part along the weight") {
  const Problem problem;
  xg::Random random{4};
  const xg::nn::WeightNorm<xg::nn::Dense> layer{xg::nn::Dense{3, 2, random, {.dtype = float64}}};
  const Tensor loss = 0.5 * xg::sum(xg::square(layer(problem.x)));
  const xg::Derivation derivation = xg::derive(loss, xg::nn::parameters(layer));
  CHECK(lines_of(derivation.forward) == Lines{"z = x (W ⊙ g / ‖W‖₁)ᵀ + b", "Loss = ½ Σ z²"});
  CHECK(lines_of(derivation.backward) == Lines{"δ = z", "∂Loss/∂b = Σ₀ δ",
                                               "∂Loss/∂W = g ⊙ (δᵀ x / ‖W‖₁ − (Σ₁ ((δᵀ x) ⊙ W)) ⊙ W / ‖W‖₁³)",
                                               "∂Loss/∂g = Σ₁ ((δᵀ x) ⊙ W) / ‖W‖₁"});
  check_values(derivation, loss, layer.layer.W);
  check_values(derivation, loss, layer.g);
}

TEST_CASE("SpectralNorm: what is printed is the gradient") {
  const Problem problem;
  xg::Random random{5};
  const xg::nn::SpectralNorm<xg::nn::ConvTranspose1d> layer{
      xg::nn::ConvTranspose1d{3, 2, 2, random, {.dtype = float64}}, random};
  const Tensor loss = 0.5 * xg::sum(xg::square(layer(xg::transpose(problem.x))));
  check_values(xg::derive(loss, {layer.layer.weight}), loss, layer.layer.weight);
}
