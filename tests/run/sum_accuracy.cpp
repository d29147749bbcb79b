// float32 sums of 10⁷ equal terms, which a chain of float32 additions gets wrong in the fourth digit: along any axis,
// fused or not, and wherever else terms are added up. The right values are products in long double; the bound is 1e-6.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <doctest/doctest.h>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/sanitizers.hpp"

namespace xg = xgrad;
using xg::Tensor;

namespace {

constexpr std::int64_t many = xg::test::sanitized ? 1'000'000 : 10'000'000;
constexpr long double bound = 1e-6L;

constexpr float terms[]{0.1F, 1.0F / 3, -3e7F};

/// The largest relative error of any element.
double worst_error(const Tensor& found, long double exact) {
  long double worst = 0;
  for (const float value : found.to_vector<float>()) {
    worst = std::max(worst, std::abs(static_cast<long double>(value) / exact - 1));
  }
  return static_cast<double>(worst);
}

Tensor filled(const xg::Shape& shape, float value) {
  return xg::from_vector(std::vector<float>(static_cast<std::size_t>(shape.size()), value), shape);
}

struct Case {
  xg::Shape shape;
  std::vector<std::int64_t> axes;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      {{many}, {0}},
      {{many, 1}, {0}},
      {{many / 2, 2}, {0}},
      {{many / 5, 5}, {0}},
      {{many / 25, 25}, {0}},
      {{many / 100, 100}, {0}},
      {{many / 1000, 1000}, {0}},
      {{many / 5000, 5000}, {0}},
      {{20, many / 20}, {0}},
      {{10, many / 10}, {0}},
      {{4, many / 4}, {1}},
      {{many / 40, 40}, {1}},
      {{many / 31, 31}, {0, 1}},
      {{many / 6, 2, 3}, {0, 2}},
      {{many / 310, 10, 31}, {0, 2}},
      {{3, many / 30, 10}, {1}},
      {{many / 64, 2, 4, 8}, {0, 2}},
      {{2, many / 128, 2, 32}, {1, 3}},
  };
  return all;
}

}  // namespace

TEST_CASE("float32 sums and means of 10 million equal terms are right to 1e-6 along any axes, fused or not") {
  for (const auto& [shape, axes] : cases()) {
    CAPTURE(shape);
    CAPTURE(axes);
    std::int64_t count = 1;
    for (const std::int64_t axis : axes) {
      count *= shape[static_cast<std::size_t>(axis)];
    }
    for (const float term : terms) {
      CAPTURE(term);
      const Tensor x = filled(shape, term);
      const long double exact = static_cast<long double>(term) * static_cast<long double>(count);
      CHECK(worst_error(xg::sum(x, xg::Axes{axes}), exact) <= bound);
      CHECK(worst_error(xg::mean(x, xg::Axes{axes}), static_cast<long double>(term)) <= bound);
      CHECK(worst_error(xg::sum(-x, xg::Axes{axes}), -exact) <= bound);
      CHECK(worst_error(xg::mean(-x, xg::Axes{axes}), -static_cast<long double>(term)) <= bound);
    }
  }
}

TEST_CASE("float32 sums of ordinary numbers over a leading axis are right to 1e-6 of the sum of their sizes") {
  for (const auto& [rows, columns] : {std::pair<std::int64_t, std::int64_t>{60'000, 3}, {6'000, 700}, {333, 9'000}}) {
    std::vector<float> x(static_cast<std::size_t>(rows * columns));
    std::uint64_t state = 1;
    for (float& element : x) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      element = static_cast<float>(state >> 40U) * 0x1p-24F;
    }
    std::vector<long double> exact(static_cast<std::size_t>(columns));
    for (std::size_t i = 0; i < x.size(); ++i) {
      exact[i % exact.size()] += static_cast<long double>(x[i]);
    }
    const Tensor t = xg::from_vector(x, {rows, columns});
    for (const Tensor& sums : {xg::sum(t, 0), -xg::sum(-t, 0)}) {
      const auto found = sums.to_vector<float>();
      long double worst = 0;
      for (std::size_t i = 0; i < found.size(); ++i) {
        worst = std::max(worst, std::abs(static_cast<long double>(found[i]) / exact[i] - 1));
      }
      CHECK(static_cast<double>(worst) <= bound);
    }
  }
}

TEST_CASE("float32 var, logsumexp and softmax of 10 million equal elements are right to 1e-6") {
  std::vector<float> x(static_cast<std::size_t>(many));
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = i % 2 == 0 ? 0.25F : 0.75F;
  }
  for (const xg::Shape& shape : {xg::Shape{many}, xg::Shape{many, 1}}) {
    CHECK(worst_error(xg::var(xg::from_vector(x, shape), 0), 0.0625L) <= bound);
  }
  CHECK(worst_error(xg::var(xg::from_vector(x, {many / 10, 10}), {0, 1}), 0.0625L) <= bound);
  CHECK(worst_error(xg::var(xg::from_vector(x, {2, many / 20, 10}), {0, 1}), 0) == doctest::Approx(0));
}

TEST_CASE("float32 logsumexp and softmax over 10 million equal elements are right to 1e-6, down rows and along them") {
  const long double n = static_cast<long double>(many) / 4;
  for (const float term : {0.1F, -2.5F}) {
    for (const auto& [shape, axis] :
         {std::pair<xg::Shape, std::int64_t>{{many / 4}, 0}, {{many / 4, 4}, 0}, {{4, many / 4}, 1}}) {
      const Tensor x = filled(shape, term);
      const long double exact = static_cast<long double>(term) + std::log(n);
      CHECK(worst_error(xg::logsumexp(x, axis), exact) <= bound);
      CHECK(worst_error(xg::softmax(x, axis), 1 / n) <= bound);
      CHECK(worst_error(xg::log_softmax(x, axis), -std::log(n)) <= bound);
    }
  }
}

TEST_CASE("float32 adjoints of broadcasting 10 million times are right to 1e-6") {
  for (const auto& [shape, rows, columns] :
       {std::tuple<xg::Shape, std::int64_t, std::int64_t>{{1}, many, 1}, {{5}, many / 5, 5}, {{4, 1}, 4, many / 4}}) {
    const Tensor bias = xg::variable(filled(shape, 1));
    const Tensor x = filled({rows, columns}, 0.1F);
    const long double exact = static_cast<long double>(0.1F) * static_cast<long double>(many / shape.size());
    CHECK(worst_error(xg::gradients(xg::sum(x * bias), {bias})[0], exact) <= bound);
    CHECK(worst_error(xg::sum_to(x, shape), exact) <= bound);
  }
}

TEST_CASE("float32 running sums of 10 million equal terms are right to 1e-6, in both directions") {
  for (const auto& [shape, axis] : {std::pair<xg::Shape, std::int64_t>{{many}, 0},
                                    {{many / 2, 2}, 0},
                                    {{many / 100, 100}, 0},
                                    {{2, many / 10, 5}, 1}}) {
    for (const bool reverse : {false, true}) {
      const auto sums = xg::cumsum(filled(shape, 0.1F), axis, reverse).to_vector<float>();
      const std::int64_t inner = axis == 0 ? shape.size() / shape[0] : 5;
      const std::int64_t length = shape[static_cast<std::size_t>(axis)];
      long double worst = 0;
      for (std::size_t i = 0; i < sums.size(); ++i) {
        const std::int64_t step = static_cast<std::int64_t>(i) / inner % length;
        const long double exact =
            static_cast<long double>(0.1F) * static_cast<long double>(reverse ? length - step : step + 1);
        worst = std::max(worst, std::abs(static_cast<long double>(sums[i]) / exact - 1));
      }
      CHECK(static_cast<double>(worst) <= bound);
    }
  }
}

TEST_CASE("float32 adjoints of take and gather of 10 million equal indices are right to 1e-6") {
  const auto check = [](std::int64_t length, std::int64_t inner, std::int64_t distinct) {
    CAPTURE(length);
    CAPTURE(inner);
    CAPTURE(distinct);
    const std::int64_t count = many / inner;
    std::vector<std::int64_t> indices(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < indices.size(); ++i) {
      indices[i] = static_cast<std::int64_t>(i) % distinct * (length / distinct);
    }
    std::vector<std::int64_t> spread(static_cast<std::size_t>(many));
    for (std::size_t i = 0; i < spread.size(); ++i) {
      spread[i] = indices[i / static_cast<std::size_t>(inner)];
    }
    const Tensor x = filled({count, inner}, 0.1F);
    const long double exact = static_cast<long double>(0.1F) * static_cast<long double>(count / distinct);
    const Tensor by_take = xg::take_adjoint(x, xg::from_vector(indices, {count}), length, 0);
    const Tensor by_scatter = xg::scatter_add(x, xg::from_vector(spread, {count, inner}), length, 0);
    for (const Tensor& sums : {by_take, by_scatter}) {
      const auto values = sums.to_vector<float>();
      long double worst = 0;
      for (std::int64_t row = 0; row < length; ++row) {
        const bool hit = row % (length / distinct) == 0 && row / (length / distinct) < distinct;
        for (std::int64_t i = 0; i < inner; ++i) {
          const auto value = static_cast<long double>(values[static_cast<std::size_t>(row * inner + i)]);
          worst = std::max(worst, hit ? std::abs(value / exact - 1) : std::abs(value));
        }
      }
      CHECK(static_cast<double>(worst) <= bound);
    }
  };
  check(1, 1, 1);
  check(10, 1, 2);
  check(5'000'000, 1, 2);
  check(3, 20, 1);
  check(1000, 20, 50);
  check(100'000, 100, 10);
}
