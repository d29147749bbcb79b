// Recurrent layers are derived gate by gate and step by step.
#include <algorithm>
#include <doctest/doctest.h>
#include <set>
#include <string>

#include "xgrad/xgrad.hpp"

namespace xg = xgrad;

namespace {

const xg::nn::RecurrentOptions in_float64{.cell = {.dtype = xg::float64}};

xg::Derivation derivation_of_lstm() {
  xg::Random random{1};
  const xg::nn::LSTM lstm{3, 2, random, in_float64};
  const xg::Tensor x = random.normal({4, 2, 3}, 0, 1, xg::float64).eval();
  return xg::derive(xg::sum(xg::square(lstm(x))), xg::nn::parameters(lstm));
}

std::string line(const xg::Derivation& derivation, const char* left) {
  return derivation[left].right;
}

}  // namespace

TEST_CASE("LSTM: δ of the memory and of every gate, from the last step to the first") {
  const xg::Derivation derivation = derivation_of_lstm();
  CHECK(line(derivation, "h²") == "o² ⊙ tanh(c²)");
  CHECK(line(derivation, "δ_c²") == "δ_h² ⊙ o² ⊙ tanh′(c²)");
  CHECK(line(derivation, "δ_c¹") == "δ_c² ⊙ f² + δ_h¹ ⊙ o¹ ⊙ tanh′(c¹)");
  CHECK(line(derivation, "δ_o¹") == "δ_h¹ ⊙ tanh(c¹)");
  CHECK(line(derivation, "δ_f²") == "δ_c² ⊙ c¹");
  CHECK(line(derivation, "δ_i¹") == "δ_c¹ ⊙ g¹");
  CHECK(line(derivation, "δ_g¹") == "δ_c¹ ⊙ i¹");
}

TEST_CASE("LSTM: what only abbreviations use is defined, too") {
  const xg::Derivation derivation = derivation_of_lstm();
  std::set<std::string> defined;
  for (const auto* equations : {&derivation.forward, &derivation.backward}) {
    for (const xg::Equation& equation : *equations) {
      defined.insert(equation.left);
    }
  }
  for (const xg::Equation& equation : derivation.backward) {
    CAPTURE(equation.left);
    for (const std::string& name : equation.uses) {
      CAPTURE(name);
      const bool given = name.starts_with("x") || name.starts_with("weight") || name.starts_with("bias");
      CHECK((given || defined.contains(name)));
    }
  }
}

TEST_CASE("GRUCell: the two products of the reset gate") {
  xg::Random random{2};
  const xg::nn::GRUCell cell{3, 2, random, {.dtype = xg::float64}};
  const xg::Tensor x = random.normal({3}, 0, 1, xg::float64).eval();
  const xg::Tensor h = random.normal({2}, 0, 1, xg::float64).eval().named("h0");
  const xg::Derivation derivation = xg::derive(xg::sum(xg::square(cell(x, h))), xg::nn::parameters(cell));
  CHECK(line(derivation, "h") == "(1 − z) ⊙ n + z ⊙ h0");
  CHECK(line(derivation, "δ_n") == "δ_h ⊙ (1 − z)");
  CHECK(line(derivation, "δ_z") == "δ_h ⊙ (h0 − n)");
}
