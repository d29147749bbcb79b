// One layer's backward pass by hand, on its own.
#include <doctest/doctest.h>
#include <string>
#include <vector>
#include <xtensor-blas/xlinalg.hpp>
#include <xtensor/xarray.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xview.hpp>

#include "xgrad/xgrad.hpp"
#include "xgrad/xtensor.hpp"

#include "support/message_of.hpp"
#include "support/report_rows.hpp"

namespace xg = xgrad;
using xg::float64;
using xg::matmul;
using xg::NamedTensor;
using xg::Tensor;
using xg::transpose;
using xg::check::compare_backward;
using xg::check::Report;
using xg::check::Verdict;
using namespace xgrad::test;

TEST_CASE("compare_backward: one layer by hand, on tensors") {
  xg::Random random{1};
  const xg::nn::Dense layer{4, 5, random, {.dtype = float64}};
  const Tensor x = random.normal({7, 4}, 0, 1, float64).eval();
  const auto forward = [&](const std::vector<Tensor>& inputs) { return layer(inputs[0]); };
  const std::vector<xg::NamedParameter> parameters{{"W", layer.W}, {"b", layer.b}};
  const auto backward = [&](const std::string& mistake) {
    return [&layer, mistake](const std::vector<Tensor>& inputs, const Tensor& upstream) {
      const Tensor dx = matmul(upstream, layer.W.value());
      const Tensor dW = matmul(transpose(upstream), inputs[0]);
      const Tensor db = mistake == "mean" ? xg::mean(upstream, 0) : xg::sum(upstream, 0);
      return std::vector<Tensor>{mistake == "sign" ? -dx : dx, dW, db};
    };
  };
  const auto report_of = [&](const std::string& mistake) {
    return compare_backward(forward, {{"x", x}}, parameters, backward(mistake));
  };
  const Report right = report_of("");
  CHECK(right.verdict() == Verdict::right);
  CHECK(names_of(right.parameters) == Names{"x", "W", "b"});
  const Report mean = report_of("mean");
  CHECK(row_of(mean, "b").verdict == Verdict::wrong);
  CHECK(row_of(mean, "W").verdict == Verdict::right);
  CHECK(row_of(mean, "x").verdict == Verdict::right);
  CHECK(mean.first_divergence == "∂Loss/∂b = Σ₀ G");
  CHECK(contains(row_of(mean, "b").diagnosis, "one over the number of samples"));
  const Report sign = report_of("sign");
  CHECK(sign.first_divergence == "∂Loss/∂x = G W");
  CHECK(contains(row_of(sign, "x").diagnosis, "the sign flipped"));
}

TEST_CASE("compare_backward: several inputs, and formulas on xtensor arrays") {
  // Scores of attention: S = softmax(Q Kᵀ).
  xg::Random random{2};
  const Tensor Q = random.normal({5, 3}, 0, 1, float64).eval();
  const Tensor K = random.normal({7, 3}, 0, 1, float64).eval();
  const auto forward = [](const std::vector<Tensor>& in) { return xg::softmax(matmul(in[0], transpose(in[1])), -1); };
  const auto backward = [](bool forgets_sum) {
    return [forgets_sum](const std::vector<Tensor>& in, const Tensor& upstream) {
      const auto q = xg::view_xtensor<double>(in[0]);
      const auto k = xg::view_xtensor<double>(in[1]);
      const auto g = xg::view_xtensor<double>(upstream);
      const xt::xarray<double> scores = xt::exp(xt::linalg::dot(q, xt::transpose(k)));
      const xt::xarray<double> total = xt::sum(scores, {1});
      const xt::xarray<double> s = scores / xt::view(total, xt::all(), xt::newaxis());
      const xt::xarray<double> products = s * g;
      const xt::xarray<double> sums = xt::sum(products, {1});
      xt::xarray<double> ds = products;
      if (!forgets_sum) {
        ds = s * (g - xt::view(sums, xt::all(), xt::newaxis()));
      }
      const xt::xarray<double> dq = xt::linalg::dot(ds, k);
      const xt::xarray<double> dk = xt::linalg::dot(xt::transpose(ds), q);
      return xg::from_xtensors(dq, dk);
    };
  };
  const auto report_of = [&](bool forgets_sum) {
    return compare_backward(forward, {{"Q", Q}, {"K", K}}, {}, backward(forgets_sum));
  };
  CHECK(report_of(false).verdict() == Verdict::right);
  const Report wrong = report_of(true);
  CAPTURE(wrong.text());
  CHECK(row_of(wrong, "Q").verdict == Verdict::wrong);
  CHECK(row_of(wrong, "K").verdict == Verdict::wrong);
  CHECK(contains(row_of(wrong, "Q").diagnosis, "left out"));
}

TEST_CASE("compare_backward: errors") {
  xg::Random random{1};
  const xg::nn::Dense layer{4, 5, random, {.dtype = float64}};
  const Tensor x = random.normal({7, 4}, 0, 1, float64).eval();
  const auto forward = [&](const std::vector<Tensor>& inputs) { return layer(inputs[0]); };
  const auto none = [](const std::vector<Tensor>&, const Tensor&) { return std::vector<Tensor>{}; };
  const auto message = [&](const std::vector<NamedTensor>& inputs, const xg::check::BackwardFunction& backward,
                           const xg::check::CompareOptions& options = {}) {
    return message_of<xg::Error>([&] {
      return compare_backward(forward, inputs, {{"W", layer.W}}, backward, options);
    });
  };
  CHECK(contains(message({{"x", x}}, none), "the backward function gave 0 gradients, expected 2: of 1 inputs"));
  CHECK(contains(message({{"", x}}, none), "an input has no name"));
  CHECK(contains(message({{"x", x}}, none, {.manual = {x}}), "manual gradients are given in the options"));
  CHECK(contains(message({{"x", xg::cast(x, xg::int64)}}, none), "int64"));
  const auto transposed = [](const std::vector<Tensor>& in, const Tensor& g) {
    return std::vector<Tensor>{in[0], matmul(transpose(in[0]), g)};
  };
  CHECK(contains(message({{"x", x}}, transposed), "the manual gradient of W has shape (4, 5), expected (5, 4)"));
}
