// A convolution is written as in a textbook: W ⋆ x, with flip(W) ⋆ δ and x ⋆ δ as its adjoints.
#include <algorithm>
#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

namespace xg = xgrad;
using xg::float64;
using xg::Tensor;

namespace {

using Lines = std::vector<std::string>;

Lines lines_of(const std::vector<xg::Equation>& equations) {
  Lines lines;
  std::transform(equations.begin(), equations.end(), std::back_inserter(lines), [](const xg::Equation& equation) {
    return equation.left + " = " + equation.right + (equation.label.empty() ? "" : "  " + equation.label);
  });
  return lines;
}
Lines latex_of(const std::vector<xg::Equation>& equations) {
  Lines lines;
  std::transform(equations.begin(), equations.end(), std::back_inserter(lines),
                 [](const xg::Equation& equation) { return equation.latex_left + " = " + equation.latex_right; });
  return lines;
}

struct Derived {
  xg::Derivation derivation;
  std::vector<Tensor> gradients;
};

Derived derived(std::int64_t stride) {
  xg::Random random{3};
  const xg::nn::Sequential net{xg::nn::Conv2d{1, 2, 3, random, {.stride = stride, .dtype = float64}}, xg::nn::Sigmoid{},
                               xg::nn::Conv2d{2, 1, 2, random, {.stride = stride, .dtype = float64}},
                               xg::nn::Sigmoid{}};
  const Tensor x = random.normal({2, 1, 7, 7}, 0, 1, float64).eval().named("x");
  const Tensor y = random.normal(net(x).shape(), 0, 1, float64).eval().named("y");
  const Tensor loss = 0.5 * xg::sum(xg::square(net(x) - y));
  std::vector<xg::Parameter> parameters;
  for (const auto& [name, parameter] : xg::nn::parameters(net)) {
    parameters.push_back(parameter);
  }
  return {xg::derive(loss, {parameters[0], parameters[1], parameters[2], parameters[3]}),
          xg::gradients(loss, {parameters[0], parameters[1], parameters[2], parameters[3]})};
}

void check_values(const Derived& found) {
  std::size_t next = 0;
  for (const xg::Equation& equation : found.derivation.backward) {
    if (equation.left.starts_with("∂Loss/∂")) {
      ++next;
      const bool is_any = std::any_of(found.gradients.begin(), found.gradients.end(), [&](const Tensor& gradient) {
        return gradient.shape() == equation.value.shape() && xg::max(xg::abs(gradient - equation.value)).item() < 1e-13;
      });
      CHECK(is_any);
    }
  }
  CHECK(next == 4);
}

}  // namespace

TEST_CASE("derive: a convolutional network is written with ⋆, its adjoints with flips") {
  const Derived found = derived(1);
  CHECK(lines_of(found.derivation.forward) == Lines{"z¹ = weight¹ ⋆ x + bias¹", "a¹ = σ(z¹)",
                                                    "z² = weight² ⋆ a¹ + bias²", "a² = σ(z²)", "Loss = ½ Σ (a² − y)²"});
  CHECK(lines_of(found.derivation.backward) == Lines{"δ² = (a² − y) ⊙ σ′(z²)", "∂Loss/∂bias² = Σ₀₂₃ δ²",
                                                     "∂Loss/∂weight² = a¹ ⋆ δ²", "δ¹ = (flip(weight²) ⋆ δ²) ⊙ σ′(z¹)",
                                                     "∂Loss/∂bias¹ = Σ₀₂₃ δ¹", "∂Loss/∂weight¹ = x ⋆ δ¹"});
  const Lines& notes = found.derivation.notes;
  CHECK(std::find(notes.begin(), notes.end(),
                  "⋆ correlates along the spatial axes; flip reverses a kernel along them") != notes.end());
  check_values(found);
}

TEST_CASE("derive: a convolutional network in LaTeX") {
  const Derived found = derived(1);
  CHECK(latex_of(found.derivation.forward) ==
        Lines{R"(z^{1} = \mathrm{weight}^{1} \star x + \mathrm{bias}^{1})", R"(a^{1} = \sigma\left(z^{1}\right))",
              R"(z^{2} = \mathrm{weight}^{2} \star a^{1} + \mathrm{bias}^{2})", R"(a^{2} = \sigma\left(z^{2}\right))",
              R"(\mathrm{Loss} = \tfrac{1}{2} \sum {\left(a^{2} - y\right)}^{2})"});
  CHECK(
      latex_of(found.derivation.backward) ==
      Lines{
          R"(\delta^{2} = \left(a^{2} - y\right) \odot \sigma'\left(z^{2}\right))",
          R"(\frac{\partial \mathrm{Loss}}{\partial \mathrm{bias}^{2}} = \sum_{0,2,3} \delta^{2})",
          R"(\frac{\partial \mathrm{Loss}}{\partial \mathrm{weight}^{2}} = a^{1} \star \delta^{2})",
          R"(\delta^{1} = \left(\operatorname{flip}\left(\mathrm{weight}^{2}\right) \star \delta^{2}\right) \odot \sigma'\left(z^{1}\right))",
          R"(\frac{\partial \mathrm{Loss}}{\partial \mathrm{bias}^{1}} = \sum_{0,2,3} \delta^{1})",
          R"(\frac{\partial \mathrm{Loss}}{\partial \mathrm{weight}^{1}} = x \star \delta^{1})"});
}

TEST_CASE("derive: a stride stands below the sign, and is a fraction in the adjoint") {
  const Derived found = derived(2);
  CHECK(lines_of(found.derivation.forward) == Lines{"z¹ = weight¹ ⋆₂ x + bias¹", "a¹ = σ(z¹)",
                                                    "z² = weight² ⋆₂ a¹ + bias²", "a² = σ(z²)",
                                                    "Loss = ½ Σ (a² − y)²"});
  CHECK(lines_of(found.derivation.backward) ==
        Lines{"δ² = (a² − y) ⊙ σ′(z²)", "∂Loss/∂bias² = Σ₀ δ²", "∂Loss/∂weight² = a¹ ⋆ δ²",
              "δ¹ = (flip(weight²) ⋆₁/₂ δ²) ⊙ σ′(z¹)", "∂Loss/∂bias¹ = Σ₀₂₃ δ¹", "∂Loss/∂weight¹ = x ⋆ δ¹"});
  CHECK(
      latex_of(found.derivation.backward) ==
      Lines{
          R"(\delta^{2} = \left(a^{2} - y\right) \odot \sigma'\left(z^{2}\right))",
          R"(\frac{\partial \mathrm{Loss}}{\partial \mathrm{bias}^{2}} = \sum_{0} \delta^{2})",
          R"(\frac{\partial \mathrm{Loss}}{\partial \mathrm{weight}^{2}} = a^{1} \star \delta^{2})",
          R"(\delta^{1} = \left(\operatorname{flip}\left(\mathrm{weight}^{2}\right) \star_{1/2} \delta^{2}\right) \odot \sigma'\left(z^{1}\right))",
          R"(\frac{\partial \mathrm{Loss}}{\partial \mathrm{bias}^{1}} = \sum_{0,2,3} \delta^{1})",
          R"(\frac{\partial \mathrm{Loss}}{\partial \mathrm{weight}^{1}} = x \star \delta^{1})"});
  check_values(found);
}
