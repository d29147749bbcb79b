// Initialisers: fans, moments and bounds of large draws, exact properties of the others.
#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <limits>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"

namespace xg = xgrad;
namespace init = xgrad::nn::init;
using doctest::Approx;
using init::HeOptions;
using init::Nonlinearity;
using xg::float64;
using xg::nn::Initializer;

namespace {

std::vector<double> drawn(const Initializer& initializer, const xg::Shape& shape, std::uint64_t seed = 1) {
  xg::Random random{seed};
  const xg::Tensor value = initializer(shape, float64, random);
  CHECK(value.shape() == shape);
  CHECK(value.dtype() == float64);
  xg::Random single{seed};
  CHECK(initializer(shape, xg::float32, single).dtype() == xg::float32);
  return value.to_vector<double>();
}

struct Moments {
  double mean = 0;
  double deviation = 0;
  double largest = 0;
};

Moments moments(const std::vector<double>& values) {
  Moments result;
  for (const double value : values) {
    result.mean += value;
    result.largest = std::max(result.largest, std::abs(value));
  }
  result.mean /= static_cast<double>(values.size());
  for (const double value : values) {
    result.deviation += (value - result.mean) * (value - result.mean);
  }
  result.deviation = std::sqrt(result.deviation / static_cast<double>(values.size()));
  return result;
}

void check_uniform(const Initializer& initializer, const xg::Shape& shape, double bound) {
  const Moments found = moments(drawn(initializer, shape));
  CHECK(found.largest <= bound);
  CHECK(found.largest > 0.999 * bound);
  CHECK(found.deviation == Approx(bound / std::sqrt(3.0)).epsilon(0.02));
}

void check_normal(const Initializer& initializer, const xg::Shape& shape, double deviation) {
  const Moments found = moments(drawn(initializer, shape));
  CHECK(found.deviation == Approx(deviation).epsilon(0.02));
  CHECK(std::abs(found.mean) < 0.02 * deviation);
  CHECK(found.largest > 3.5 * deviation);
}

// W Wᵀ of a weight as a matrix of so many rows, or Wᵀ W if there are more rows than columns.
double worst_product(const std::vector<double>& w, std::size_t rows, std::size_t columns, double length) {
  double worst = 0;
  const bool of_rows = rows <= columns;
  const std::size_t vectors = of_rows ? rows : columns;
  const std::size_t size = of_rows ? columns : rows;
  const auto at = [&](std::size_t v, std::size_t k) { return of_rows ? w[v * columns + k] : w[k * columns + v]; };
  for (std::size_t a = 0; a < vectors; ++a) {
    for (std::size_t b = 0; b < vectors; ++b) {
      double total = a == b ? -length * length : 0;
      for (std::size_t k = 0; k < size; ++k) {
        total += at(a, k) * at(b, k);
      }
      worst = std::max(worst, std::abs(total));
    }
  }
  return worst;
}

}  // namespace

TEST_CASE("initialisers: fans of matrices and of convolutions (out, in/groups, k…)") {
  const xg::Shape matrix{300, 200};           // fans 200 and 300
  const xg::Shape convolution{60, 40, 3, 5};  // fans 600 and 900
  check_uniform(init::glorot, matrix, std::sqrt(6.0 / 500));
  check_uniform(init::glorot, convolution, std::sqrt(6.0 / 1500));
  check_uniform(init::glorot_uniform(2), convolution, 2 * std::sqrt(6.0 / 1500));
  check_normal(init::glorot_normal(), matrix, std::sqrt(2.0 / 500));
  check_normal(init::glorot_normal(3), convolution, 3 * std::sqrt(2.0 / 1500));
  check_normal(init::he, matrix, std::sqrt(2.0 / 200));
  check_normal(init::he, convolution, std::sqrt(2.0 / 600));
  check_normal(init::he_normal(), convolution, std::sqrt(2.0 / 600));
  check_normal(init::he_normal({.fan = HeOptions::Fan::out}), convolution, std::sqrt(2.0 / 900));
  check_uniform(init::he_uniform(), matrix, std::sqrt(6.0 / 200));
  check_uniform(init::he_uniform({.nonlinearity = Nonlinearity::tanh}), matrix, 5.0 / 3 * std::sqrt(3.0 / 200));
  check_uniform(init::lecun_uniform, convolution, std::sqrt(3.0 / 600));
  check_normal(init::lecun_normal, matrix, std::sqrt(1.0 / 200));
  check_uniform(init::lecun_uniform, {20000}, std::sqrt(3.0));  // a bias counts as fed by one unit
  for (const Initializer& each :
       {Initializer{init::glorot}, Initializer{init::he}, init::glorot_uniform(), init::glorot_normal(),
        init::he_uniform(), init::he_normal(), Initializer{init::lecun_uniform}, Initializer{init::lecun_normal}}) {
    xg::Random random{1};
    CHECK_THROWS_AS(static_cast<void>(each({}, xg::float32, random)), xg::ShapeError);
    CHECK_THROWS_AS(static_cast<void>(each({2, 2}, xg::int64, random)), xg::DTypeError);
  }
}

TEST_CASE("initialisers: gains are those of their nonlinearities") {
  CHECK(init::gain(Nonlinearity::linear) == 1);
  CHECK(init::gain(Nonlinearity::sigmoid) == 1);
  CHECK(init::gain(Nonlinearity::tanh) == Approx(5.0 / 3));
  CHECK(init::gain(Nonlinearity::relu) == Approx(std::sqrt(2.0)));
  CHECK(init::gain(Nonlinearity::leaky_relu, 0.5) == Approx(std::sqrt(2 / 1.25)));
  CHECK(init::gain(Nonlinearity::selu) == 0.75);
}

TEST_CASE("initialisers: those that were there draw what they drew") {
  xg::Random one{3};
  xg::Random two{3};
  const double bound = std::sqrt(6.0 / 7);
  CHECK(init::glorot({3, 4}, float64, one).to_vector<double>() ==
        two.uniform({3, 4}, -bound, bound, float64).to_vector<double>());
  CHECK(init::he({3, 4}, xg::float32, one).to_vector<float>() ==
        two.normal({3, 4}, 0, std::sqrt(0.5)).to_vector<float>());
}

TEST_CASE("initialisers: constant, uniform, normal") {
  CHECK(drawn(init::constant(2.5), {2, 2}) == std::vector<double>(4, 2.5));
  check_normal(init::normal(0, 3), {200, 100}, 3);
  const std::vector<double> values = drawn(init::uniform(2, 4), {200, 100});
  CHECK(*std::min_element(values.begin(), values.end()) >= 2);
  CHECK(*std::max_element(values.begin(), values.end()) < 4);
  CHECK(moments(values).mean == Approx(3).epsilon(0.01));
  CHECK_THROWS_AS(static_cast<void>(init::uniform(2, 1)), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(init::normal(0, -1)), xg::ValueError);
}

TEST_CASE("initialisers: a truncated normal has the moments of its part of the bell") {
  struct Truncation {
    double mean, deviation, low, high;
  };
  for (const auto& [mean, deviation, low, high] :
       {Truncation{0, 1, -2, 2}, {1, 2, -1, 0.5}, {0, 1, 3, 4}, {0, 1, -40, -30}, {0, 1, 8, 100}, {5, 0.1, 4.9, 6}}) {
    CAPTURE(low);
    CAPTURE(high);
    // ∫ over the interval by Simpson's rule, of the density relative to its largest.
    const double nearest = std::clamp(mean, low, high);
    const double from = std::max(low, nearest - 12 * deviation);
    const double to = std::min(high, nearest + 12 * deviation);
    constexpr int steps = 200000;
    double total = 0;
    double first = 0;
    double second = 0;
    for (int i = 0; i <= steps; ++i) {
      const double x = from + (to - from) * i / steps;
      const double weight = i == 0 || i == steps ? 1 : (i % 2 == 1 ? 4 : 2);
      const double u = (x - mean) / deviation;
      const double u0 = (nearest - mean) / deviation;
      const double density = weight * std::exp(0.5 * (u0 * u0 - u * u));
      total += density;
      first += density * (x - nearest);
      second += density * (x - nearest) * (x - nearest);
    }
    const double expected_mean = first / total;
    const double expected_deviation = std::sqrt(second / total - expected_mean * expected_mean);
    std::vector<double> values = drawn(init::truncated_normal(mean, deviation, low, high), {200, 200});
    CHECK(*std::min_element(values.begin(), values.end()) >= low);
    CHECK(*std::max_element(values.begin(), values.end()) <= high);
    for (double& value : values) {
      value -= nearest;
    }
    const Moments found = moments(values);
    CHECK(std::abs(found.mean - expected_mean) < 0.03 * expected_deviation);
    CHECK(found.deviation == Approx(expected_deviation).epsilon(0.03));
  }
  CHECK_THROWS_AS(static_cast<void>(init::truncated_normal(0, 0, -1, 1)), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(init::truncated_normal(0, 1, 1, 1)), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(init::truncated_normal(0, 1, 1e9, 2e9)), xg::ValueError);
}

TEST_CASE("initialisers: orthogonal rows or columns, whichever are fewer") {
  CHECK(worst_product(drawn(init::orthogonal(), {6, 6}), 6, 6, 1) < 1e-14);
  CHECK(worst_product(drawn(init::orthogonal(2), {4, 9}), 4, 9, 2) < 1e-13);
  CHECK(worst_product(drawn(init::orthogonal(), {9, 4}), 9, 4, 1) < 1e-14);
  CHECK(worst_product(drawn(init::orthogonal(0.5), {3, 2, 2, 2}), 3, 8, 0.5) < 1e-14);
  CHECK(worst_product(drawn(init::orthogonal(), {60, 64}), 60, 64, 1) < 1e-13);
  CHECK(drawn(init::orthogonal(), {5, 5}, 1) != drawn(init::orthogonal(), {5, 5}, 2));
  CHECK(drawn(init::orthogonal(), {0, 5}).empty());
  xg::Random random{1};
  CHECK_THROWS_AS(static_cast<void>(init::orthogonal()({5}, float64, random)), xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(init::orthogonal()({5, 5}, xg::int64, random)), xg::DTypeError);
  // Of either sign: the mean of an entry over many draws is 0.
  double total = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    xg::Random each{seed};
    total += init::orthogonal()({2, 2}, float64, each).to_vector<double>()[0];
  }
  CHECK(std::abs(total / 400) < 0.15);
}

TEST_CASE("initialisers: identity and Dirac give the input back") {
  CHECK(drawn(init::identity(3), {2, 3}) == std::vector<double>{3, 0, 0, 0, 3, 0});
  // (out, in/groups, k): two groups of two outputs with one input each, the middle of three.
  CHECK(drawn(init::dirac(2), {4, 1, 3}) == std::vector<double>{0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0});
  const std::vector<double> square = drawn(init::dirac(), {2, 2, 3, 4});
  std::vector<double> expected(48, 0);
  expected[1 * 4 + 2] = 1;
  expected[(1 * 2 + 1) * 12 + 1 * 4 + 2] = 1;
  CHECK(square == expected);
  xg::Random random{1};
  CHECK_THROWS_AS(static_cast<void>(init::identity()({2, 2, 2}, float64, random)), xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(init::dirac()({2, 2}, float64, random)), xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(init::dirac(3)({4, 2, 3}, float64, random)), xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(init::dirac(0)), xg::ValueError);
}
