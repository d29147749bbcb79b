// Pooling in formulas: the largest element of each window, and a cotangent that goes to where it is.
#include <algorithm>
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
  std::transform(equations.begin(), equations.end(), std::back_inserter(lines),
                 [](const xg::Equation& equation) { return equation.left + " = " + equation.right; });
  return lines;
}

xg::Parameter weights() {
  return xg::Parameter{xg::Random{3}.normal({4, 4}, 0, 1, float64), "W"};
}

double difference(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  return xg::max(xg::abs(a - b)).item();
}

}  // namespace

TEST_CASE("derive: max_pool, and its cotangent scattered to where the largest elements are") {
  const xg::Parameter W = weights();
  const Tensor y = xg::max_pool(W, {.kernel = {2, 2}}).named("y");
  const Tensor loss = 0.5 * xg::sum(xg::square(y));
  const xg::Derivation derivation = xg::derive(loss, {W});
  CHECK(written(derivation.forward) == Lines{"y = max_pool(W; kernel=(2, 2))", "Loss = ½ Σ y²"});
  CHECK(written(derivation.backward) ==
        Lines{"δ_y = y", "∂Loss/∂W = scatter(δ_y, argmax_pool(W; kernel=(2, 2)); size=(4, 4))"});
  CHECK(derivation.notes == Lines{"δ_y := ∂Loss/∂y",
                                  "scatter(v, i) is zero but for the elements of v, added at the indices i",
                                  "max_pool(x) has the largest element of each window, argmax_pool(x) its index"});
  CHECK(difference(derivation["∂Loss/∂W"].value, xg::gradients(loss, {W})[0]) == 0);
}

TEST_CASE("derive: options of pooling stand where they aren't the usual") {
  const xg::Parameter W = weights();
  const Tensor y =
      xg::max_pool(W, {.kernel = {2, 2}, .stride = {1}, .padding = {1, 0}, .dilation = {2}, .ceil_mode = true})
          .named("y");
  const xg::Derivation derivation = xg::derive(xg::sum(y), {W});
  CHECK(written(derivation.forward)[0] ==
        "y = max_pool(W; kernel=(2, 2), stride=(1, 1), padding=(1, 0), dilation=(2, 2), ceil_mode=true)");
}

TEST_CASE("derive: means of windows, interpolation and windows are functions with adjoints") {
  const xg::Parameter W = weights();
  const auto gradient = [&](const Tensor& y) {
    const xg::Derivation derivation = xg::derive(0.5 * xg::sum(xg::square(y.named("y"))), {W});
    return written(derivation.backward).at(1);
  };
  CHECK(gradient(xg::avg_pool(W, {.kernel = {2, 2}})) ==
        "∂Loss/∂W = avg_pool_adjoint(δ_y; kernel=(2, 2), size=(4, 4))");
  CHECK(gradient(xg::upsample(W, {.scale = {2, 2}})) == "∂Loss/∂W = upsample_adjoint(δ_y; size=(8, 8), from=(4, 4))");
  CHECK(gradient(xg::windows(W, {.kernel = {2}})) == "∂Loss/∂W = windows_adjoint(δ_y; kernel=(2), size=(4))");
}

TEST_CASE("derive: a pooling layer has no number, and LaTeX sets its operations") {
  xg::Random random{5};
  const xg::nn::Sequential layers{xg::nn::Dense{3, 4, random, {.dtype = float64}}, xg::nn::ReLU{}, xg::nn::MaxPool1d{2},
                                  xg::nn::Dense{2, 1, random, {.dtype = float64}}};
  const Tensor x = random.normal({5, 3}, 0, 1, float64).eval();
  const Tensor loss = xg::mean(xg::square(layers(x)));
  const xg::Derivation derivation = xg::derive(loss, layers.parameters());
  const Lines lines = written(derivation.forward);
  CHECK(std::find(lines.begin(), lines.end(), "z² = max_pool(a¹; kernel=(2)) W²ᵀ + b²") != lines.end());
  const std::string latex = derivation.latex();
  CHECK(contains(latex, "\\operatorname{max\\_pool}"));
  CHECK(contains(latex, "\\operatorname{scatter}"));
  const std::vector<Tensor> gradients = xg::gradients(loss, {layers.parameters()[0]});
  CHECK(difference(derivation["∂Loss/∂W¹"].value, gradients[0]) < 1e-14);
}
