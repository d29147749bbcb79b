// Attention derives to dS = P ⊙ (dP − rowsum(dP ⊙ P)).
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
  xg::Parameter q{random.normal({3, 4}, 0, 1, float64), "q"};
  xg::Parameter k{random.normal({5, 4}, 0, 1, float64), "k"};
  xg::Parameter v{random.normal({5, 2}, 0, 1, float64), "v"};
  Tensor y = random.normal({3, 2}, 0, 1, float64).eval().named("y");

  [[nodiscard]] Tensor loss(const xg::nn::AttentionOptions& options) const {
    return 0.5 * xg::sum(xg::square(xg::nn::attention(q, k, v, options).named("O") - y));
  }
};

const Lines backward{"δ_O = O − y",        "∂Loss/∂v = Pᵀ δ_O",  "δ_P = δ_O vᵀ", "δ_S = (δ_P − Σ₁ (δ_P ⊙ P)) ⊙ P",
                     "∂Loss/∂q = ½ δ_S k", "∂Loss/∂k = ½ δ_Sᵀ q"};

}  // namespace

TEST_CASE("attention: derives to dS = P ⊙ (dP − rowsum(dP ⊙ P))") {
  const Problem problem;
  const Tensor loss = problem.loss({});
  const xg::Derivation derivation = xg::derive(loss, {problem.q, problem.k, problem.v});
  CHECK(lines_of(derivation.forward) == Lines{"S = ½ q kᵀ", "P = softmax(S)", "O = P v", "Loss = ½ Σ (O − y)²"});
  INFO(derivation);
  CHECK(lines_of(derivation.backward) == backward);
  const std::vector<Tensor> gradients = xg::gradients(loss, {problem.q, problem.k, problem.v});
  for (std::size_t i = 0; i < 3; ++i) {
    const Tensor found = derivation[std::vector<std::string>{"∂Loss/∂q", "∂Loss/∂k", "∂Loss/∂v"}[i]].value;
    CHECK(xg::max(xg::abs(found - gradients[i])).item() < 1e-12);
  }
}

TEST_CASE("attention: a mask changes the forward pass alone") {
  const Problem problem;
  const Tensor mask = xg::tensor({{1, 0, 1, 1, 1}, {0, 0, 0, 0, 0}, {1, 1, 1, 1, 0}}, xg::boolean).named("M");
  const xg::Derivation derivation = xg::derive(problem.loss({.mask = mask}), {problem.q, problem.k, problem.v});
  CHECK(lines_of(derivation.forward) ==
        Lines{"S = ½ q kᵀ", "P = masked_softmax(S, M)", "O = P v", "Loss = ½ Σ (O − y)²"});
  INFO(derivation);
  CHECK(lines_of(derivation.backward) == backward);
}

TEST_CASE("attention: in LaTeX") {
  const Problem problem;
  const std::string latex = xg::derive(problem.loss({}), {problem.q, problem.k, problem.v}).latex();
  CHECK(latex.find(R"(\delta_{S} &= \left(\delta_{P} - \sum_{1} \left(\delta_{P} \odot P\right)\right) \odot P)") !=
        std::string::npos);
}
