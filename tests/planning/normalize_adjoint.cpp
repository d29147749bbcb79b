// The derivative of a normalisation as one step of a plan, against its formula by plain loops in double.
#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <limits>
#include <random>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/thread_count.hpp"

namespace xg = xgrad;
using xg::Tensor;
using xgrad::test::ThreadCount;

namespace {

template <class T>
using Values = std::vector<T>;

/// (outer, rows, columns, run): means over rows and runs.
struct Case {
  std::size_t outer, rows, columns, run;

  [[nodiscard]] std::size_t size() const { return outer * rows * columns * run; }
  [[nodiscard]] xg::Shape shape() const {
    return {static_cast<std::int64_t>(outer), static_cast<std::int64_t>(rows), static_cast<std::int64_t>(columns),
            static_cast<std::int64_t>(run)};
  }
  [[nodiscard]] std::size_t item(std::size_t i) const {
    return i / (rows * columns * run) * columns + i / run % columns;
  }
};

template <class T>
Values<T> random_values(std::size_t count, unsigned seed, double low, double high) {
  std::mt19937 engine{seed};
  std::uniform_real_distribution<double> uniform{low, high};
  Values<T> values(count);
  std::generate(values.begin(), values.end(), [&] { return static_cast<T>(uniform(engine)); });
  return values;
}

double product(double t, double y) {
  return t == 0 || (y == 0 && !std::isnan(t)) ? 0 : t * y;
}

template <class T>
std::vector<double> expected(const Case& c, const Values<T>& g, const Values<T>& n, const Values<T>& d, bool centred) {
  const std::size_t items = c.outer * c.columns;
  const auto count = static_cast<double>(c.rows * c.run);
  std::vector<double> mean(items);
  std::vector<double> share(items);
  for (std::size_t i = 0; i < c.size(); ++i) {
    mean[c.item(i)] += centred ? static_cast<double>(g[i]) / count : 0;
    share[c.item(i)] += product(static_cast<double>(g[i]), static_cast<double>(n[i])) / count;
  }
  std::vector<double> result(c.size());
  for (std::size_t i = 0; i < c.size(); ++i) {
    const std::size_t k = c.item(i);
    const double t = static_cast<double>(g[i]) - mean[k] - product(share[k], static_cast<double>(n[i]));
    result[i] = t == 0 ? 0 : t / static_cast<double>(d[k]);
  }
  return result;
}

template <class T>
Values<T> found(const Case& c, const Values<T>& g, const Values<T>& n, const Values<T>& d, bool centred) {
  const auto one_step = [centred](const Tensor& a, const Tensor& b, const Tensor& by) {
    const xg::Axes axes{{1, 3}};
    const Tensor along = xg::chain_mul(xg::mean(xg::chain_mul(a, b), axes, true), b);
    return xg::chain_div((centred ? a - xg::mean(a, axes, true) : a) - along, by);
  };
  auto step = xg::compile(one_step);
  const Tensor result = step(xg::from_vector(g, c.shape()), xg::from_vector(n, c.shape()),
                             xg::from_vector(d, {c.shape()[0], 1, c.shape()[2], 1}));
  const bool apart = c.columns > 1 && c.run == 1;
  CHECK((step.describe().find("normalize_adjoint") == std::string::npos) == (apart || !xg::plan_options().simplify));
  return result.to_vector<T>();
}

const std::vector<Case> cases{{3, 5, 1, 1},   {2, 7, 1, 9},  {4, 33, 1, 1}, {2, 3, 5, 2},
                              {3, 4, 2, 17},  {1, 6, 3, 64}, {2, 1, 4, 31}, {5, 1000, 1, 1},
                              {2, 9, 3, 100}, {3, 4, 5, 1},  {2, 0, 3, 4}};

}  // namespace

TEST_CASE_TEMPLATE("plan: the adjoint of a normalisation is one step, and right", T, float, double) {
  const double tolerance = 64 * static_cast<double>(std::numeric_limits<T>::epsilon());
  for (const Case& c : cases) {
    for (const bool centred : {true, false}) {
      CAPTURE(c.shape());
      CAPTURE(centred);
      const auto g = random_values<T>(c.size(), 1, -3, 5);
      const auto n = random_values<T>(c.size(), 2, -2, 1);
      const auto d = random_values<T>(c.outer * c.columns, 3, 0.5, 2);
      const std::vector<double> right = expected(c, g, n, d, centred);
      const Values<T> values = found(c, g, n, d, centred);
      REQUIRE(values.size() == right.size());
      for (std::size_t i = 0; i < right.size(); ++i) {
        CHECK(std::abs(static_cast<double>(values[i]) - right[i]) <= tolerance * 20);
      }
    }
  }
}

TEST_CASE_TEMPLATE("plan: in the adjoint of a normalisation a cotangent of 0 stays 0, and NaN passes", T, float,
                   double) {
  const T infinity = std::numeric_limits<T>::infinity();
  const T nan = std::numeric_limits<T>::quiet_NaN();
  const Case c{4, 40, 1, 1};
  Values<T> g(c.size(), T{0});
  Values<T> n = random_values<T>(c.size(), 2, -2, 1);
  std::fill_n(n.begin(), 3, infinity);    // item 0: no cotangent, and no normal values
  std::fill_n(n.begin() + 45, 3, nan);    // item 1: likewise
  std::fill_n(g.begin() + 80, 40, T{1});  // item 2: infinitely wide
  g[127] = nan;                           // item 3
  const Values<T> d{nan, T{0}, infinity, T{1}};
  for (const bool centred : {true, false}) {
    CAPTURE(centred);
    const Values<T> values = found(c, g, n, d, centred);
    const std::vector<double> right = expected(c, g, n, d, centred);
    for (std::size_t i = 0; i < c.size(); ++i) {
      CAPTURE(i);
      if (i < 120) {
        CHECK(values[i] == 0);
        CHECK(right[i] == 0);
      } else {
        CHECK(std::isnan(values[i]));
        CHECK(std::isnan(right[i]));
      }
    }
  }
}

TEST_CASE_TEMPLATE("plan: in the adjoint of a normalisation an infinite cotangent of a 0 is no NaN elsewhere", T, float,
                   double) {
  const Case c{1, 40, 1, 1};
  Values<T> g = random_values<T>(c.size(), 1, -3, 5);
  Values<T> n = random_values<T>(c.size(), 2, -2, 1);
  g[7] = std::numeric_limits<T>::infinity();
  n[7] = 0;
  const Values<T> d{2};
  const Values<T> values = found(c, g, n, d, false);
  const std::vector<double> right = expected(c, g, n, d, false);
  for (std::size_t i = 0; i < c.size(); ++i) {
    CAPTURE(i);
    REQUIRE(std::isinf(right[i]) == (i == 7));
    CHECK((values[i] == g[7]) == (i == 7));
    CHECK((i == 7 || std::abs(static_cast<double>(values[i]) - right[i]) <= 1e-5));
  }
}

TEST_CASE("plan: the adjoint of a normalisation has the same bits on any number of threads") {
  for (const Case& c : {Case{700, 500, 1, 1}, Case{20, 8, 30, 70}}) {
    const auto g = random_values<float>(c.size(), 1, -3, 5);
    const auto n = random_values<float>(c.size(), 2, -2, 1);
    const auto d = random_values<float>(c.outer * c.columns, 3, 0.5, 2);
    const Values<float> one = found(c, g, n, d, true);
    for (const int count : {2, 3}) {
      const ThreadCount threads{count};
      CHECK(found(c, g, n, d, true) == one);
    }
  }
}

namespace {

template <class T>
Values<T> sums_of_products(const Case& c, const Values<T>& g, const Values<T>& n) {
  auto step = xg::compile([](const Tensor& a, const Tensor& b) { return xg::sum(xg::chain_mul(a, b), {1, 3}); });
  const Tensor result = step(xg::from_vector(g, c.shape()), xg::from_vector(n, c.shape()));
  CHECK(result.shape() == xg::Shape{c.shape()[0], c.shape()[2]});
  CHECK((step.describe().find("sum_of_products") == std::string::npos) ==
        (c.columns == 1 || c.rows == 1 || c.run < 16 || !xg::plan_options().simplify));
  return result.to_vector<T>();
}

}  // namespace

TEST_CASE_TEMPLATE("plan: a sum of products around a kept axis is one step, and right", T, float, double) {
  for (const Case& c : cases) {
    CAPTURE(c.shape());
    const auto g = random_values<T>(c.size(), 1, -3, 5);
    const auto n = random_values<T>(c.size(), 2, -2, 1);
    std::vector<double> right(c.outer * c.columns);
    for (std::size_t i = 0; i < c.size(); ++i) {
      right[c.item(i)] += static_cast<double>(g[i]) * static_cast<double>(n[i]);
    }
    const Values<T> values = sums_of_products(c, g, n);
    REQUIRE(values.size() == right.size());
    const double bound =
        100 * static_cast<double>(c.rows * c.run + 1) * static_cast<double>(std::numeric_limits<T>::epsilon());
    for (std::size_t i = 0; i < right.size(); ++i) {
      CHECK(std::abs(static_cast<double>(values[i]) - right[i]) <= bound);
    }
  }
}

TEST_CASE_TEMPLATE("plan: in a sum of products a cotangent of 0 counts nothing, and NaN passes", T, float, double) {
  const Case c{1, 2, 3, 20};
  Values<T> g(c.size(), T{1});
  Values<T> n(c.size(), T{2});
  g[3] = 0;  // of the first
  n[3] = std::numeric_limits<T>::infinity();
  n[25] = std::numeric_limits<T>::quiet_NaN();  // of the second
  n[119] = std::numeric_limits<T>::infinity();  // of the third
  g[10] = std::numeric_limits<T>::infinity();   // of the first, by 0
  n[10] = 0;
  const Values<T> values = sums_of_products(c, g, n);
  CHECK(values[0] == 76);
  CHECK(std::isnan(values[1]));
  CHECK(values[2] == std::numeric_limits<T>::infinity());
}

TEST_CASE("plan: a sum of products has the same bits on any number of threads") {
  const Case c{2, 40, 7, 900};
  const auto g = random_values<float>(c.size(), 1, -3, 5);
  const auto n = random_values<float>(c.size(), 2, -2, 1);
  const Values<float> one = sums_of_products(c, g, n);
  for (const int count : {2, 3}) {
    const ThreadCount threads{count};
    CHECK(sums_of_products(c, g, n) == one);
  }
}
