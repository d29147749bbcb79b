// Normalisation layers: what they hold, ranks, options, in Sequential and compiled; values are beside PyTorch's in
// golden_layers.cpp and beside loops in ops/index/normalization.cpp.
#include <cmath>
#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"
#include "support/thread_count.hpp"

namespace xg = xgrad;
using xg::float64;
using xg::Shape;
using xg::Tensor;

namespace {

Tensor normal(const Shape& shape, xg::DType dtype = float64) {
  return xg::Random{5}.normal(shape, 3, 2, dtype).eval();
}

double mean_of(const Tensor& x) {
  return xg::mean(x).item();
}

}  // namespace

TEST_CASE("LayerNorm, RMSNorm: normalise the last axes, in both dtypes") {
  for (const xg::DType dtype : {xg::float32, float64}) {
    const double tolerance = dtype == xg::float32 ? 1e-5 : 1e-12;
    const Tensor x = normal({3, 2, 5}, dtype);
    const Tensor y = xg::nn::LayerNorm{5, {.epsilon = 1e-30, .dtype = dtype}}(x);
    CHECK(y.dtype() == dtype);
    CHECK(xg::max(xg::abs(xg::mean(y, -1))).item() < tolerance);
    CHECK(xg::max(xg::abs(xg::var(y, -1) - 1.0)).item() < tolerance);
    const Tensor z = xg::nn::LayerNorm{Shape{2, 5}, {.epsilon = 1e-30, .dtype = dtype}}(x);
    CHECK(xg::max(xg::abs(xg::var(z, {1, 2}) - 1.0)).item() < tolerance);
    const Tensor r = xg::nn::RMSNorm{5, {.epsilon = 1e-30, .dtype = dtype}}(x);
    CHECK(xg::max(xg::abs(xg::mean(xg::square(r), -1) - 1.0)).item() < tolerance);
  }
}

TEST_CASE("GroupNorm: with one group is a LayerNorm of a sample, with a group per channel an InstanceNorm") {
  const Tensor x = normal({2, 4, 3});
  const auto close = [](const Tensor& a, const Tensor& b) { return xg::max(xg::abs(a - b)).item() < 1e-13; };
  CHECK(close(xg::nn::GroupNorm{1, 4, {.dtype = float64}}(x), xg::nn::LayerNorm{Shape{4, 3}, {.dtype = float64}}(x)));
  CHECK(close(xg::nn::GroupNorm{4, 4, {.dtype = float64}}(x), xg::nn::InstanceNorm{4, {.dtype = float64}}(x)));
  CHECK(xg::nn::GroupNorm{2, 4, {.dtype = float64}}(normal({2, 4})).shape() == Shape{2, 4});
  CHECK(xg::nn::GroupNorm{2, 4, {.dtype = float64}}(xg::zeros({0, 4, 3}, float64)).shape() == Shape{0, 4, 3});
}

TEST_CASE("normalisation layers: hold a weight and a bias if they are affine, and are found by their names") {
  const auto names = [](const auto& layer) {
    std::string text;
    for (const auto& named : xg::nn::parameters(layer)) {
      text += named.name + xg::to_string(named.parameter.shape());
    }
    return text;
  };
  CHECK(names(xg::nn::LayerNorm{Shape{2, 3}}) == "weight(2, 3)bias(2, 3)");
  CHECK(names(xg::nn::LayerNorm{3, {.affine = false}}).empty());
  CHECK(names(xg::nn::RMSNorm{3}) == "weight(3,)");
  CHECK(names(xg::nn::GroupNorm{2, 4}) == "weight(4,)bias(4,)");
  CHECK(names(xg::nn::InstanceNorm2d{4}).empty());
  CHECK(names(xg::nn::InstanceNorm2d{4, {.affine = true}}) == "weight(4,)bias(4,)");
  CHECK(names(xg::nn::BatchNorm3d{4}) == "weight(4,)bias(4,)");
  CHECK(xg::nn::states(xg::nn::BatchNorm3d{4}).size() == 2);
  CHECK(xg::nn::inference(xg::nn::BatchNorm2d{4}).mode == xg::nn::Mode::inference);
  const xg::nn::BatchNorm1d norm{4};
  CHECK_FALSE(xg::nn::clone(norm).running_mean.is(norm.running_mean));
}

TEST_CASE("BatchNorm1d, 2d, 3d and InstanceNorm1d, 2d, 3d: take one rank, or two, and name themselves in the error") {
  const auto message = [](const auto& layer, const Shape& shape) {
    return message_of<xg::ShapeError>([&] { return layer(xg::ones(shape)); });
  };
  const std::string fits = "nothing thrown";
  CHECK(message(xg::nn::BatchNorm1d{2}, {3, 2}) == fits);
  CHECK(message(xg::nn::BatchNorm1d{2}, {3, 2, 4}) == fits);
  CHECK(message(xg::nn::BatchNorm1d{2}, {3, 2, 4, 4}) == "[BatchNorm1d] takes (N, C) or (N, C, L), not (3, 2, 4, 4)");
  CHECK(message(xg::nn::BatchNorm2d{2}, {3, 2, 4, 4}) == fits);
  CHECK(message(xg::nn::BatchNorm2d{2}, {3, 2}) == "[BatchNorm2d] takes (N, C, H, W), not (3, 2)");
  CHECK(message(xg::nn::BatchNorm3d{2}, {3, 2, 4, 4, 1}) == fits);
  CHECK(message(xg::nn::BatchNorm3d{2}, {3, 2, 4, 4}) == "[BatchNorm3d] takes (N, C, D, H, W), not (3, 2, 4, 4)");
  CHECK(message(xg::nn::InstanceNorm1d{2}, {3, 2, 4}) == fits);
  CHECK(message(xg::nn::InstanceNorm1d{2}, {3, 2}) == "[InstanceNorm1d] takes (N, C, L), not (3, 2)");
  CHECK(message(xg::nn::InstanceNorm2d{2}, {3, 2, 4, 4}) == fits);
  CHECK(message(xg::nn::InstanceNorm2d{2}, {3, 2, 4}) == "[InstanceNorm2d] takes (N, C, H, W), not (3, 2, 4)");
  CHECK(message(xg::nn::InstanceNorm3d{2}, {3, 2, 4, 4, 1}) == fits);
  CHECK(message(xg::nn::InstanceNorm3d{2}, {3, 2, 4}) == "[InstanceNorm3d] takes (N, C, D, H, W), not (3, 2, 4)");
}

TEST_CASE("normalisation layers: wrong options and inputs are errors that name the layer") {
  const auto message = [](const auto& call) { return message_of<xg::Error>(call); };
  CHECK(contains(message([] { return xg::nn::LayerNorm{0}; }), "[LayerNorm] over axes (0,)"));
  CHECK(contains(message([] { return xg::nn::LayerNorm{Shape{}}; }), "over axes ()"));
  CHECK(contains(message([] { return xg::nn::LayerNorm{3, {.epsilon = 0}}; }), "epsilon 0"));
  CHECK(contains(message([] { return xg::nn::LayerNorm{3, {.dtype = xg::int64}}; }), "of int64"));
  CHECK(contains(message([] { return xg::nn::RMSNorm{3, {.epsilon = -1}}; }), "[RMSNorm] epsilon -1"));
  CHECK(contains(message([] { return xg::nn::GroupNorm{3, 4}; }), "[GroupNorm] 4 channels in 3 groups"));
  CHECK(contains(message([] { return xg::nn::GroupNorm{0, 4}; }), "in 0 groups"));
  CHECK(contains(message([] { return xg::nn::InstanceNorm{0}; }), "[InstanceNorm] of 0 channels"));
  CHECK(contains(message([] { return xg::nn::LayerNorm{3}(xg::ones({3, 4})); }), "last axes (3,); found (3, 4)"));
  CHECK(contains(message([] { return xg::nn::GroupNorm{2, 4}(xg::ones({3, 2})); }), "[GroupNorm] takes (N, 4, …)"));
  CHECK(contains(message([] { return xg::nn::InstanceNorm{4}(xg::ones({3, 4})); }), "[InstanceNorm] takes (N, 4, …)"));
  CHECK(contains(message([] { return xg::nn::LayerNorm{3}(Tensor{}); }), "[LayerNorm] the input is an undefined"));
  CHECK_THROWS_AS(static_cast<void>(xg::nn::LayerNorm{3}(xg::ones({3, 3}, float64))), xg::DTypeError);
}

TEST_CASE("normalisation layers: in a Sequential, eager, compiled and with two threads give the same bits") {
  xg::Random random{4};
  const xg::nn::Sequential net{xg::nn::Dense{6, 8, random, {.dtype = float64}},
                               xg::nn::LayerNorm{8, {.dtype = float64}}, xg::nn::GroupNorm{2, 8, {.dtype = float64}},
                               xg::nn::BatchNorm1d{8, {.dtype = float64}}, xg::nn::RMSNorm{8, {.dtype = float64}}};
  CHECK(net.parameters()[2].name == "1.weight");
  const Tensor x = normal({10, 6});
  const auto gradients = [&](const Tensor& in) {
    std::vector<Tensor> xs;
    for (const auto& named : net.parameters()) {
      xs.emplace_back(named);
    }
    return xg::gradients(xg::sum(xg::square(net(in))), xs);
  };
  const std::vector<Tensor> eager = gradients(x);
  auto compiled = xg::compile(gradients);
  const xg::test::ThreadCount two{2};
  const std::vector<Tensor> other = compiled(x);
  for (std::size_t i = 0; i < eager.size(); ++i) {
    CHECK(eager[i].to_vector<double>() == other[i].to_vector<double>());
  }
}

TEST_CASE("BatchNorm: running statistics are computed with the loss, also of a batch that is data") {
  const xg::nn::BatchNorm norm{2, {.dtype = float64}};
  const Tensor x = normal({50, 2});
  for (int i = 0; i < 3; ++i) {
    CHECK(xg::sum(norm(x)).item() == doctest::Approx(0));
  }
  CHECK(norm.running_mean.value().evaluated());
  const double expected = mean_of(xg::slice(x, {.start = 0, .stop = 1, .step = 1}, 1));
  CHECK(norm.running_mean.value().to_vector<double>()[0] ==
        doctest::Approx(expected * (1 - 0.9 * 0.9 * 0.9)).epsilon(1e-12));
}

TEST_CASE("normalize: the same bits with one thread and with two, of arrays that are shared out") {
  const Tensor rows = normal({9, 40000}, xg::float32);
  const Tensor columns = normal({3000, 260}, xg::float32);
  const auto all = [&] {
    std::vector<std::vector<float>> found;
    for (const Tensor& y : {xg::normalize(rows, -1), xg::normalize(columns, 0), xg::deviation(rows, -1),
                            xg::deviation(columns, 0), xg::masked_softmax(rows, xg::greater(rows, 0.0))}) {
      found.push_back(y.to_vector<float>());
    }
    return found;
  };
  const auto one = all();
  const xg::test::ThreadCount two{2};
  CHECK(all() == one);
}
