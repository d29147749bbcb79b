// Whole networks, their backward passes put together from layers by hand, in compare().
#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/report_rows.hpp"

namespace xg = xgrad;
using xg::float64;
using xg::Tensor;
namespace manual = xg::check::manual;
using namespace xgrad::test;

namespace {

/// Convolution, ReLU, max pooling, a dense layer, and the cross-entropy with smoothing.
struct ConvolutionalNetwork {
  xg::nn::Conv2d convolution;
  xg::nn::Dense dense;
};

struct Pass {
  double loss = 0;
  std::vector<Tensor> gradients;  ///< of the convolution's weight and bias, the dense layer's
};

Pass by_hand(const ConvolutionalNetwork& network, const Tensor& x, const Tensor& target, bool forgets_mask) {
  const auto zeros_of = [](const xg::Shape& shape) { return xg::zeros(shape, float64); };
  const std::int64_t n = x.dim(0);
  // A layer's output doesn't depend on the cotangent: on the way forward any will do.
  const xg::Tensor weight = network.convolution.weight;
  const xg::Tensor bias = network.convolution.bias;
  const manual::ConvolutionOptions same{.padding = {{1, 1}}};
  const Tensor z1 = manual::convolution(x, weight, bias, zeros_of({n, 3, 6, 6}), same).y;
  const Tensor a1 = xg::maximum(z1, 0.0).eval();
  const Tensor p1 = manual::max_pool(a1, zeros_of({n, 3, 3, 3}), {.kernel = {2, 2}}).y;
  const Tensor flat = xg::reshape(p1, {n, 27}).eval();
  const Tensor z2 = (xg::matmul(flat, xg::transpose(network.dense.W)) + network.dense.b).eval();

  const auto loss = manual::cross_entropy(z2, target, xg::scalar(1, float64), {.label_smoothing = 0.1});
  const Tensor dp1 = xg::reshape(xg::matmul(loss.dz, network.dense.W), p1.shape()).eval();
  const Tensor da1 = manual::max_pool(a1, dp1, {.kernel = {2, 2}}).dx;
  const Tensor dz1 = forgets_mask ? da1 : (da1 * xg::cast(z1 > 0.0, float64)).eval();
  const auto first = manual::convolution(x, weight, bias, dz1, same);
  return {loss.loss.item(),
          {first.dweight, first.dbias, xg::matmul(xg::transpose(loss.dz), flat), xg::sum(loss.dz, 0)}};
}

}  // namespace

TEST_CASE("manual layers: the backward pass of a convolutional network, put together by hand") {
  xg::Random random{2};
  const ConvolutionalNetwork network{
      .convolution = {2, 3, 3, random, {.padding = 1, .dtype = float64, .bias = xg::nn::init::standard_normal}},
      .dense = {27, 4, random, {.dtype = float64}}};
  const Tensor x = random.normal({5, 2, 6, 6}, 0, 1, float64).eval();
  const Tensor target = xg::tensor({0, 3, 1, 1, 2}, xg::int64);
  const auto loss = [&] {
    const Tensor pooled = xg::nn::MaxPool2d{2}(xg::relu(network.convolution(x)));
    return xg::nn::CrossEntropy{.label_smoothing = 0.1}(network.dense(xg::reshape(pooled, {5, 27})), target);
  };
  const std::vector<xg::NamedParameter> parameters{{"weight", network.convolution.weight},
                                                   {"bias", network.convolution.bias},
                                                   {"W", network.dense.W},
                                                   {"b", network.dense.b}};
  CHECK(loss().item() == doctest::Approx(by_hand(network, x, target, false).loss).epsilon(1e-13));
  const auto report_of = [&](bool forgets_mask) {
    return xg::check::compare(loss, parameters,
                              {.manual_function = [&] { return by_hand(network, x, target, forgets_mask).gradients; }});
  };
  const xg::check::Report right = report_of(false);
  CAPTURE(right.text());
  CHECK(right.verdict() == xg::check::Verdict::right);
  const xg::check::Report wrong = report_of(true);
  CAPTURE(wrong.text());
  CHECK(row_of(wrong, "weight").verdict == xg::check::Verdict::wrong);
  CHECK(row_of(wrong, "bias").verdict == xg::check::Verdict::wrong);
  CHECK(row_of(wrong, "W").verdict == xg::check::Verdict::right);
  CHECK(row_of(wrong, "b").verdict == xg::check::Verdict::right);
}
