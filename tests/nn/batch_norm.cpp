#include <cmath>
#include <doctest/doctest.h>

#include "xgrad/xgrad.hpp"

#include "support/doubles.hpp"
#include "support/message_of.hpp"

namespace xg = xgrad;
using xg::test::doubles;
using xg::test::values_of;
using Values = std::vector<double>;

namespace {

/// Statistics of a channel of an array (N, C, L), by the definition.
struct Statistics {
  double mean = 0;
  double variance = 0;  // divided by n
  double count = 0;
};
Statistics statistics_of(const Values& x, std::size_t n, std::size_t c, std::size_t l, std::size_t channel) {
  Statistics result;
  result.count = static_cast<double>(n * l);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < l; ++k) {
      result.mean += x[(i * c + channel) * l + k] / result.count;
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < l; ++k) {
      const double deviation = x[(i * c + channel) * l + k] - result.mean;
      result.variance += deviation * deviation / result.count;
    }
  }
  return result;
}

constexpr xg::nn::BatchNormOptions in_float64{.dtype = xg::float64};

}  // namespace

TEST_CASE("BatchNorm: normalises a channel by the batch, of (N, C), (N, C, L) and (N, C, H, W), and is affine") {
  const std::size_t n = 5;
  const std::size_t c = 3;
  for (const auto& [shape, l] :
       {std::pair{xg::Shape{5, 3}, std::size_t{1}}, std::pair{xg::Shape{5, 3, 4}, std::size_t{4}},
        std::pair{xg::Shape{5, 3, 2, 3}, std::size_t{6}}}) {
    CAPTURE(shape);
    xg::Random random{2};
    xg::nn::BatchNorm norm{3, in_float64};
    norm.weight.set(doubles({2, -1, 0.5}));
    norm.bias.set(doubles({0.1, 0.2, 0.3}));
    const xg::Tensor x = random.normal(shape, 3, 2, xg::float64);
    const Values in = values_of(x);
    const xg::Tensor y = norm(x);
    CHECK(y.shape() == shape);
    const Values out = values_of(y);
    const Values mean = values_of(norm.running_mean);
    const Values variance = values_of(norm.running_var);
    for (std::size_t j = 0; j < c; ++j) {
      const Statistics batch = statistics_of(in, n, c, l, j);
      CHECK(mean[j] == doctest::Approx(0.1 * batch.mean).epsilon(1e-12));
      CHECK(variance[j] ==
            doctest::Approx(0.9 + 0.1 * batch.variance * batch.count / (batch.count - 1)).epsilon(1e-12));
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t k = 0; k < l; ++k) {
          const std::size_t at = (i * c + j) * l + k;
          const double normal = (in[at] - batch.mean) / std::sqrt(batch.variance + 1e-5);
          CHECK(out[at] ==
                doctest::Approx(normal * values_of(norm.weight)[j] + values_of(norm.bias)[j]).epsilon(1e-11));
        }
      }
    }
    const auto inferring = xg::nn::inference(norm);
    const Values inferred = values_of(inferring(x));
    CHECK(inferred[0] == doctest::Approx((in[0] - mean[0]) / std::sqrt(variance[0] + 1e-5) * 2 + 0.1).epsilon(1e-12));
    CHECK(values_of(norm.running_mean) == mean);
  }
}

TEST_CASE("BatchNorm: without running statistics uses the batch's in inference, without affine has no parameters") {
  const xg::nn::BatchNorm norm{2, {.affine = false, .running_statistics = false, .dtype = xg::float64}};
  CHECK(xg::nn::parameters(norm).empty());
  CHECK(xg::nn::states(norm).empty());
  const xg::Tensor x = doubles({{1, 5}, {3, 9}});
  const Values training = values_of(norm(x));
  CHECK(training[0] == doctest::Approx(-1 / std::sqrt(1 + 1e-5)));
  CHECK(training[3] == doctest::Approx(2 / std::sqrt(4 + 1e-5)));
  CHECK(values_of(xg::nn::inference(norm)(x)) == training);
}

TEST_CASE("BatchNorm: its gradient has the two mean terms") {
  // Ioffe and Szegedy: ∂L/∂x = w / √(σ² + ε) (g − mean(g) − x̂ mean(g x̂)) for the cotangent g.
  xg::Random random{6};
  const std::size_t n = 7;
  xg::nn::BatchNorm norm{1, in_float64};
  norm.weight.set(doubles({1.7}));
  const xg::Parameter x{random.normal({7, 1}, 1, 3, xg::float64), "x"};
  const xg::Tensor g = random.normal({7, 1}, 0, 1, xg::float64).eval();
  const xg::Tensor loss = xg::sum(norm(x) * g);
  const auto gradients = xg::gradients(loss, {x, norm.weight, norm.bias});
  const Values in = values_of(x);
  const Values cotangent = values_of(g);
  const Statistics batch = statistics_of(in, n, 1, 1, 0);
  const double deviation = std::sqrt(batch.variance + 1e-5);
  double mean_g = 0;
  double mean_gx = 0;
  for (std::size_t i = 0; i < n; ++i) {
    mean_g += cotangent[i] / 7;
    mean_gx += cotangent[i] * (in[i] - batch.mean) / deviation / 7;
  }
  for (std::size_t i = 0; i < n; ++i) {
    const double normal = (in[i] - batch.mean) / deviation;
    CHECK(values_of(gradients[0])[i] ==
          doctest::Approx(1.7 / deviation * (cotangent[i] - mean_g - normal * mean_gx)).epsilon(1e-9));
  }
  CHECK(values_of(gradients[1])[0] == doctest::Approx(7 * mean_gx));
  CHECK(values_of(gradients[2])[0] == doctest::Approx(7 * mean_g));
}

TEST_CASE("BatchNorm: the running statistics of several batches follow by momentum, and converge to the data's") {
  const xg::nn::BatchNorm norm{1, {.momentum = 0.25, .dtype = xg::float64}};
  double mean = 0;
  double variance = 1;
  for (int i = 0; i < 5; ++i) {
    const double a = i;
    const double b = 3 * i + 2;
    static_cast<void>(norm(doubles({{a}, {b}})).eval());
    mean = 0.75 * mean + 0.25 * (a + b) / 2;
    variance = 0.75 * variance + 0.25 * (b - a) * (b - a) / 2;
  }
  CHECK(values_of(norm.running_mean)[0] == doctest::Approx(mean).epsilon(1e-14));
  CHECK(values_of(norm.running_var)[0] == doctest::Approx(variance).epsilon(1e-14));
}

TEST_CASE("BatchNorm: what is wrong is named, and leaves the running statistics alone") {
  const xg::nn::BatchNorm norm{3};
  CHECK(contains(message_of<xg::ShapeError>([&] {
                   return norm(xg::ones({2, 4}));
                 }),
                 "[BatchNorm] takes (N, 3, …), not (2, 4)"));
  CHECK_THROWS_AS(static_cast<void>(norm(xg::ones({3}))), xg::ShapeError);
  CHECK(contains(message_of<xg::ValueError>([&] {
                   return norm(xg::ones({1, 3}));
                 }),
                 "1 value per channel, which has no variance"));
  CHECK_THROWS_AS(static_cast<void>(norm(xg::ones({0, 3}))), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(norm(xg::ones({2, 3}, xg::float64))), xg::DTypeError);
  CHECK(norm.running_mean.value().to_vector<float>() == std::vector<float>(3, 0));
  CHECK(xg::nn::inference(norm)(xg::ones({1, 3})).shape() == xg::Shape{1, 3});
  CHECK_THROWS_AS(xg::nn::BatchNorm{0}, xg::ValueError);
  CHECK_THROWS_AS((xg::nn::BatchNorm{1, {.epsilon = 0}}), xg::ValueError);
  CHECK_THROWS_AS((xg::nn::BatchNorm{1, {.momentum = 2}}), xg::ValueError);
  CHECK_THROWS_AS((xg::nn::BatchNorm{1, {.dtype = xg::int64}}), xg::DTypeError);
}
