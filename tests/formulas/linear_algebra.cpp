// Derivations of functions of matrices, as a textbook has them (Petersen and Pedersen, "The Matrix Cookbook", 2012),
// and every one evaluated, against the gradient that wasn't simplified.
#include <algorithm>
#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

namespace xg = xgrad;
using xg::float64;
using xg::Parameter;
using xg::Tensor;

namespace {

// The right sides of loss and gradients, in text and in LaTeX.
struct Written {
  std::string loss;
  std::vector<std::string> gradients;
  std::string latex_loss;
  std::vector<std::string> latex_gradients;
};

double difference(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  return xg::max(xg::abs(a - b)).item() / std::max(xg::max(xg::abs(b)).item(), 1e-300);
}

Written derived(const Tensor& loss, const std::vector<Parameter>& parameters) {
  const std::vector<Tensor> xs(parameters.begin(), parameters.end());
  const xg::Derivation derivation = xg::derive(loss, xs);
  Written result{derivation.forward.back().right, {}, derivation.forward.back().latex_right, {}};
  CHECK(difference(derivation.forward.back().value, loss) < 1e-13);
  const std::vector<Tensor> gradients = xg::gradients(loss, xs);
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const xg::Equation& equation = derivation["∂Loss/∂" + xs[i].name()];
    CHECK(difference(equation.value, gradients[i]) < 1e-12);
    result.gradients.push_back(equation.right);
    result.latex_gradients.push_back(equation.latex_right);
  }
  return result;
}

using Lines = std::vector<std::string>;

Parameter matrix(const char* name = "A") {
  return Parameter{xg::tensor({{2, 0.5, 0.25}, {-0.5, 1.5, 0.75}, {0.125, 0.5, 3}}, float64), name};
}
Parameter definite() {
  return Parameter{xg::tensor({{2, 0.5}, {0.5, 1.5}}, float64), "A"};
}
Parameter vector(const char* name, double first = 1) {
  return Parameter{xg::tensor({first, -2, 0.5}, float64), name};
}

}  // namespace

TEST_CASE("derive: the gradient of log|A| is A⁻ᵀ") {
  const Parameter a = matrix();
  const Written of_log = derived(xg::logdet(a), {a});
  CHECK(of_log.loss == "log|A|");
  CHECK(of_log.gradients == Lines{"A⁻ᵀ"});
  CHECK(of_log.latex_loss == "\\log \\left|A\\right|");
  CHECK(of_log.latex_gradients == Lines{"{A}^{-\\top}"});
  const Written of_absolute = derived(xg::slogdet(a).log_abs, {a});
  CHECK(of_absolute.gradients == Lines{"A⁻ᵀ"});
}

TEST_CASE("derive: the gradient of |A| is |A| A⁻ᵀ") {
  const Parameter a = matrix();
  const Written of = derived(xg::det(a), {a});
  CHECK(of.loss == "|A|");
  CHECK(of.gradients == Lines{"|A| A⁻ᵀ"});
  CHECK(of.latex_gradients == Lines{"\\left|A\\right| {A}^{-\\top}"});
}

TEST_CASE("derive: the gradient of bᵀ A⁻¹ b") {
  const Parameter a = matrix();
  const Parameter b = vector("b");
  const Written of = derived(xg::dot(b, xg::solve(a, b)), {a, b});
  CHECK(of.loss == "bᵀ A⁻¹ b");
  CHECK(of.gradients == Lines{"−A⁻ᵀ b (A⁻¹ b)ᵀ", "A⁻¹ b + A⁻ᵀ b"});
  CHECK(of.latex_gradients ==
        Lines{"-{A}^{-\\top} b {\\left({A}^{-1} b\\right)}^{\\top}", "{A}^{-1} b + {A}^{-\\top} b"});
}

TEST_CASE("derive: the gradient of tr A is I, that of tr(A⁻¹ B) is −A⁻ᵀ Bᵀ A⁻ᵀ") {
  const Parameter a = matrix();
  const Parameter b = matrix("B");
  const Written of_trace = derived(xg::trace(a), {a});
  CHECK(of_trace.loss == "tr(A)");
  CHECK(of_trace.gradients == Lines{"I"});
  CHECK(of_trace.latex_gradients == Lines{"I"});
  const Written of_product = derived(xg::trace(xg::matmul(xg::inverse(a), b)), {a, b});
  CHECK(of_product.loss == "tr(A⁻¹ B)");
  CHECK(of_product.gradients == Lines{"−A⁻ᵀ Bᵀ A⁻ᵀ", "A⁻ᵀ"});
}

TEST_CASE("derive: a Gaussian's log-likelihood by a Cholesky factor") {
  const Parameter a = definite();
  const Parameter b{xg::tensor({1, -2}, float64), "b"};
  const Tensor l = xg::cholesky(a).named("L");
  const Tensor z = xg::triangular_solve(l, b, {.lower = true}).named("z");
  const Tensor loss = xg::dot(z, z);
  const xg::Derivation derivation = xg::derive(loss, {a, b});
  CHECK(derivation["L"].right == "chol(A)");
  CHECK(derivation["z"].right == "L⁻¹ b");
  CHECK(derivation["z"].latex_right == "{L}^{-1} b");
  CHECK(derivation["∂Loss/∂b"].right == "L⁻ᵀ δ_z");
  const std::vector<Tensor> gradients = xg::gradients(loss, {a, b});
  CHECK(difference(derivation["∂Loss/∂A"].value, gradients[0]) < 1e-12);
  CHECK(difference(derivation["∂Loss/∂b"].value, gradients[1]) < 1e-12);
  CHECK(derivation["δ_L"].right == "tril(−L⁻ᵀ δ_z zᵀ)");
  CHECK(derivation["∂Loss/∂A"].right == "½ L⁻ᵀ (Φ(Lᵀ δ_L) + Φ(Lᵀ δ_L)ᵀ) L⁻¹");
}

TEST_CASE("derive: the derivative of e^A in a direction is written exp′") {
  const Parameter a = matrix();
  const Parameter b = vector("b");
  const Written of = derived(xg::dot(b, xg::matmul(xg::matrix_exp(a), b)), {a});
  CHECK(of.loss == "bᵀ exp(A) b");
  CHECK(of.gradients == Lines{"exp′(Aᵀ, b bᵀ)"});
}

TEST_CASE("derive: exponents of names and of formulas stand in brackets") {
  const Parameter a = matrix("A¹");
  const Parameter b = vector("b");
  const Written of_name = derived(xg::dot(b, xg::solve(a, b)), {b});
  CHECK(of_name.gradients == Lines{"(A¹)⁻¹ b + (A¹)⁻ᵀ b"});
  const Parameter c = matrix("A");
  const Written of_sum = derived(xg::logdet(c + xg::transpose(c)), {c});
  CHECK(of_sum.loss == "log|A + Aᵀ|");
}

TEST_CASE("derive: parts of decompositions and batches give what the gradient is, too") {
  xg::Random random{3};
  const Parameter a{random.normal({2, 3, 3}, 0, 1, float64), "A"};
  const Parameter b{random.normal({3}, 0, 1, float64), "b"};
  static_cast<void>(derived(xg::sum(xg::square(xg::solve(a, b))), {a, b}));
  static_cast<void>(derived(xg::sum(xg::det(a)), {a}));
  static_cast<void>(derived(xg::sum(xg::square(xg::qr(a).Q + xg::qr(a).R)), {a}));
  static_cast<void>(derived(xg::sum(xg::square(xg::svd(a).S)), {a}));
  static_cast<void>(derived(xg::sum(xg::exp(xg::eigh(a).values)), {a}));
  static_cast<void>(derived(xg::sum(xg::square(xg::matrix_exp(a))), {a}));
  static_cast<void>(derived(xg::sum(xg::lstsq(a, b)), {a, b}));
  static_cast<void>(derived(xg::sum(xg::triangular_solve(a, b, {.unit = true})), {a, b}));
}
