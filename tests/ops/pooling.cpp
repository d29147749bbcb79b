// Pooling and windows in programs: any number of threads, random shapes, windows that are read where they are.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <doctest/doctest.h>
#include <random>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"
#include "support/thread_count.hpp"

namespace xg = xgrad;
using xg::Tensor;

namespace {

std::vector<std::uint32_t> bits(const Tensor& x) {
  std::vector<std::uint32_t> result;
  for (const float value : x.data<float>()) {
    result.push_back(std::bit_cast<std::uint32_t>(value));
  }
  return result;
}

// Values and gradients of all, one after another.
std::vector<std::uint32_t> all_bits(const Tensor& images) {
  const std::vector<Tensor> results{
      xg::max_pool(images, {.kernel = {3, 3}, .stride = {2}, .padding = {1}}),
      xg::avg_pool(images, {.kernel = {3, 3}, .stride = {2}, .padding = {1}}),
      xg::adaptive_avg_pool(images, {5, 7}),
      xg::upsample(images, {.size = {50, 41}, .mode = xg::Interpolation::cubic}),
      xg::windows(images, {.kernel = {3, 3}, .padding = {1}}),
  };
  std::vector<std::uint32_t> result;
  for (const Tensor& y : results) {
    const Tensor g = xg::sin(xg::cast(xg::reshape(xg::arange(static_cast<double>(y.size())), y.shape()), xg::float32));
    for (const Tensor& each : {y, xg::vjp({y}, {images}, {g})[0]}) {
      const std::vector<std::uint32_t> part = bits(each);
      result.insert(result.end(), part.begin(), part.end());
    }
  }
  return result;
}

/// Windows of a row of float64, by hand.
struct Row {
  std::vector<double> x;
  std::int64_t kernel;
  std::int64_t stride;
  std::int64_t dilation;

  [[nodiscard]] std::int64_t count() const {
    std::int64_t result = 0;
    while (result * stride + dilation * (kernel - 1) < static_cast<std::int64_t>(x.size())) {
      ++result;
    }
    return result;
  }
  [[nodiscard]] std::size_t at(std::int64_t window, std::int64_t element) const {
    return static_cast<std::size_t>(window * stride + element * dilation);
  }
};

double worst(const Tensor& found, const std::vector<double>& expected) {
  const auto values = found.data<double>();
  REQUIRE_EQ(values.size(), expected.size());
  double result = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    result = std::max(result, std::abs(values[i] - expected[i]));
  }
  return result;
}

}  // namespace

TEST_CASE("pooling, interpolation and windows: the same bits for any number of threads") {
  xg::Random random{3};
  const Tensor images = xg::variable(random.normal({8, 16, 31, 29}).eval());
  const std::vector<std::uint32_t> alone = all_bits(images);
  for (const int count : {2, 3, 7}) {
    const xg::test::ThreadCount threads{count};
    CHECK(all_bits(images) == alone);
  }
}

TEST_CASE("max_pool, avg_pool and windows along one axis: random lengths beside loops") {
  std::mt19937 random{5};
  const auto draw = [&](int low, int high) { return std::uniform_int_distribution<std::int64_t>{low, high}(random); };
  for (int trial = 0; trial < 200; ++trial) {
    Row row{{}, trial % 4 == 0 ? draw(30, 60) : draw(1, 5), draw(1, 6), draw(1, 3)};
    row.x.resize(static_cast<std::size_t>(row.dilation * (row.kernel - 1) + draw(1, 40)));
    std::generate(row.x.begin(), row.x.end(), [&] { return static_cast<double>(draw(-8, 8)); });
    CAPTURE(row.kernel);
    CAPTURE(row.stride);
    CAPTURE(row.dilation);
    CAPTURE(row.x.size());
    std::vector<double> highest;
    std::vector<double> mean;
    std::vector<double> to_highest(row.x.size(), 0.0);
    std::vector<double> uses(row.x.size(), 0.0);
    for (std::int64_t i = 0; i < row.count(); ++i) {
      std::size_t best = row.at(i, 0);
      double sum = 0;
      for (std::int64_t j = 0; j < row.kernel; ++j) {
        best = row.x[row.at(i, j)] > row.x[best] ? row.at(i, j) : best;
        sum += row.x[row.at(i, j)];
        uses[row.at(i, j)] += static_cast<double>(i + 1);
      }
      highest.push_back(row.x[best]);
      mean.push_back(sum / static_cast<double>(row.kernel));
      to_highest[best] += static_cast<double>(i + 1);
    }
    const Tensor x = xg::variable(xg::from_vector(row.x, xg::Shape{static_cast<std::int64_t>(row.x.size())}));
    const Tensor g = xg::cast(xg::arange(static_cast<double>(row.count())), xg::float64) + 1.0;
    const Tensor y = xg::max_pool(x, {{row.kernel}, {row.stride}, {}, {row.dilation}});
    CHECK(worst(y, highest) == 0);
    CHECK(worst(xg::vjp({y}, {x}, {g})[0], to_highest) == 0);
    const Tensor w = xg::windows(x, {{row.kernel}, {row.stride}, {}, {row.dilation}});
    CHECK(worst(xg::max(w, 1), highest) == 0);
    CHECK(worst(xg::mean(w, 1), mean) < 1e-14);
    CHECK(worst(xg::vjp({xg::sum(w, 1)}, {x}, {g})[0], uses) == 0);
    if (row.dilation == 1) {
      CHECK(worst(xg::avg_pool(x, {{row.kernel}, {row.stride}}), mean) < 1e-14);
    }
  }
}

TEST_CASE("windows: a product reads them where they are, and is right where they overlap") {
  xg::Random random{7};
  const Tensor x = random.normal({3, 40}, 0, 1, xg::float64).eval();
  const Tensor kernel = random.normal({16, 5}, 0, 1, xg::float64).eval();
  for (const std::int64_t stride : {1, 7, 16, 20}) {
    CAPTURE(stride);
    const Tensor w = xg::windows(x, {.kernel = {16}, .stride = {stride}});
    const Tensor y = xg::matmul(w, kernel);
    std::vector<double> expected;
    for (std::int64_t sample = 0; sample < 3; ++sample) {
      for (std::int64_t i = 0; i < w.dim(1); ++i) {
        for (std::int64_t o = 0; o < 5; ++o) {
          double sum = 0;
          for (std::int64_t j = 0; j < 16; ++j) {
            sum += x.data<double>()[static_cast<std::size_t>(sample * 40 + i * stride + j)] *
                   kernel.data<double>()[static_cast<std::size_t>(j * 5 + o)];
          }
          expected.push_back(sum);
        }
      }
    }
    CHECK(worst(y, expected) < 1e-13);
    CHECK(worst(xg::sum(w * 2.0), {2 * xg::sum(w).item()}) < 1e-12);
  }
}

TEST_CASE("windows: a plan has no step for those that are read where they are, and is right with them") {
  const Tensor x = xg::cast(xg::arange(64), xg::float64).eval();
  const xg::PlanScope optimised{{}};
  const auto squares = [&] { return xg::sum(xg::square(xg::windows(x, {.kernel = {16}, .stride = {4}}))); };
  CHECK_FALSE(contains(xg::describe_plan(squares()), "windows"));
  double expected = 0;
  for (int i = 0; i < 13; ++i) {
    for (int j = 4 * i; j < 4 * i + 16; ++j) {
      expected += j * j;
    }
  }
  CHECK(squares().item() == expected);
  // Short runs aren't worth it.
  CHECK(contains(xg::describe_plan(xg::sum(xg::square(xg::windows(x, {.kernel = {3}})))), "windows"));
}

TEST_CASE("windows: what is written over what they are a view of comes after they are read") {
  const Tensor x = xg::cast(xg::arange(64), xg::float64).eval();
  auto f = xg::compile([](const Tensor& leaf) {
    const Tensor doubled = leaf * 2.0;
    const Tensor w = xg::windows(doubled, {.kernel = {16}, .stride = {16}});
    return xg::sum(xg::reshape(w, {64}) * xg::flip(doubled)) + xg::sum(xg::exp(doubled * 1e-3));
  });
  double expected = 0;
  for (int i = 0; i < 64; ++i) {
    expected += 2.0 * i * 2.0 * (63 - i) + std::exp(2e-3 * i);
  }
  CHECK(f(x).item() == doctest::Approx(expected).epsilon(1e-14));
}

TEST_CASE("max_pool: int64 that float64 hasn't") {
  const std::int64_t large = (std::int64_t{1} << 60) + 1;
  const Tensor x = xg::from_vector(std::vector<std::int64_t>{large, large - 1, -large, -large - 1}, {4});
  const Tensor y = xg::max_pool(x, {.kernel = {2}});
  CHECK(y.data<std::int64_t>()[0] == large);
  CHECK(y.data<std::int64_t>()[1] == -large);
}
