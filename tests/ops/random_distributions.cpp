// Statistical tests with fixed seeds: each statistic lies within bounds that a right generator leaves once in a million
// seeds or more rarely.
#include <algorithm>
#include <array>
#include <cmath>
#include <doctest/doctest.h>
#include <numeric>
#include <vector>

#include "xgrad/math.hpp"
#include "xgrad/random.hpp"

namespace xg = xgrad;
using Values = std::vector<double>;

namespace {

constexpr std::int64_t many = 1'000'000;
constexpr double deviations = 5;  // of a statistic from its mean: 6e-7 for a normal one

Values as_doubles(const xg::Tensor& x) {
  return xg::cast(x, xg::float64).to_vector<double>();
}

double normal_distribution(double x) {
  return std::erfc(-x / std::sqrt(2.0)) / 2;
}

// √n sup |F_n − F|, which exceeds 2.7 with the probability 2 e^(−2 · 2.7²) = 1e-6 (Kolmogorov).
template <class F>
double kolmogorov_smirnov(Values x, F distribution) {
  std::sort(x.begin(), x.end());
  const auto n = static_cast<double>(x.size());
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double expected = distribution(x[i]);
    worst = std::max({worst, static_cast<double>(i + 1) / n - expected, expected - static_cast<double>(i) / n});
  }
  return std::sqrt(n) * worst;
}

// √n times the correlation, which is a standard normal number if there is none.
double correlation(const Values& x, const Values& y) {
  const auto n = static_cast<double>(x.size());
  const double x_mean = std::accumulate(x.begin(), x.end(), 0.0) / n;
  const double y_mean = std::accumulate(y.begin(), y.end(), 0.0) / n;
  double xy = 0;
  double xx = 0;
  double yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - x_mean) * (y[i] - y_mean);
    xx += (x[i] - x_mean) * (x[i] - x_mean);
    yy += (y[i] - y_mean) * (y[i] - y_mean);
  }
  return std::sqrt(n) * xy / std::sqrt(xx * yy);
}

Values squares(Values x) {
  std::transform(x.begin(), x.end(), x.begin(), [](double value) { return value * value; });
  return x;
}

// χ² of pairs of numbers in [0, 1) over a grid of 32 by 32 cells, in deviations from its mean.
double grid_deviation(const Values& x, const Values& y) {
  constexpr std::size_t side = 32;
  std::array<double, side * side> hits{};
  for (std::size_t i = 0; i < x.size(); ++i) {
    hits[static_cast<std::size_t>(x[i] * side) * side + static_cast<std::size_t>(y[i] * side)] += 1;
  }
  const double expected = static_cast<double>(x.size()) / hits.size();
  double chi = 0;
  for (const double count : hits) {
    chi += (count - expected) * (count - expected) / expected;
  }
  const double degrees = hits.size() - 1;
  return (chi - degrees) / std::sqrt(2 * degrees);
}

// Every other element, from `first` on.
Values every_other(const Values& x, std::size_t first) {
  Values result;
  for (std::size_t i = first; i < x.size(); i += 2) {
    result.push_back(x[i]);
  }
  return result;
}

}  // namespace

TEST_CASE("random: uniform and normal numbers follow their distributions") {
  for (const xg::DType dtype : {xg::float32, xg::float64}) {
    xg::Random random{101};
    CHECK(kolmogorov_smirnov(as_doubles(random.uniform({many}, -2, 3, dtype)), [](double x) { return (x + 2) / 5; }) <
          2.7);
    CHECK(kolmogorov_smirnov(as_doubles(random.normal({many}, 1, 2, dtype)),
                             [](double x) { return normal_distribution((x - 1) / 2); }) < 2.7);
  }
}

TEST_CASE("random: the first six moments of normal numbers") {
  xg::Random random{102};
  const Values x = as_doubles(random.normal({many}, 0, 1, xg::float64));
  // E xᵏ, and the variance of xᵏ: E x²ᵏ − (E xᵏ)², with E x²ᵏ = (2k − 1)!!.
  const std::array<double, 6> mean{0, 1, 0, 3, 0, 15};
  const std::array<double, 6> variance{1, 2, 15, 96, 945, 10170};
  for (std::size_t k = 0; k < mean.size(); ++k) {
    const double sum = std::accumulate(x.begin(), x.end(), 0.0, [k](double total, double value) {
      return total + std::pow(value, static_cast<double>(k + 1));
    });
    CHECK(std::abs(sum / many - mean[k]) < deviations * std::sqrt(variance[k] / many));
  }
}

TEST_CASE("random: the tails of normal numbers are as heavy as they should be, on both sides") {
  constexpr std::int64_t count = 4 * many;
  xg::Random random{103};
  const Values x = as_doubles(random.normal({count}));
  for (const double limit : {2.0, 3.0, 4.0, 4.5}) {
    const double p = std::erfc(limit / std::sqrt(2.0)) / 2;
    const double expected = count * p;
    const auto above = std::count_if(x.begin(), x.end(), [limit](double value) { return value > limit; });
    const auto below = std::count_if(x.begin(), x.end(), [limit](double value) { return value < -limit; });
    CHECK(std::abs(static_cast<double>(above) - expected) < deviations * std::sqrt(expected));
    CHECK(std::abs(static_cast<double>(below) - expected) < deviations * std::sqrt(expected));
  }
  CHECK(*std::max_element(x.begin(), x.end()) < 8.6);  // √(−2 ln 2⁻⁵³)
}

TEST_CASE("random: neighbouring elements, draws, seeds and split streams are independent") {
  xg::Random random{104};
  xg::Random next_seed{105};
  xg::Random child = random.split();
  static_cast<void>(next_seed.split());
  const Values first = as_doubles(random.uniform({many}, 0, 1, xg::float64));
  const Values second = as_doubles(random.uniform({many}, 0, 1, xg::float64));
  const Values of_next_seed = as_doubles(next_seed.uniform({many}, 0, 1, xg::float64));
  const Values of_child = as_doubles(child.uniform({many}, 0, 1, xg::float64));
  const Values shifted(first.begin() + 2, first.end());
  const Values cut(first.begin(), first.end() - 2);
  for (const auto& [x, y] : {std::pair{first, second},
                             {first, of_next_seed},
                             {first, of_child},
                             {cut, shifted},
                             {every_other(first, 0), every_other(first, 1)}}) {
    CHECK(std::abs(correlation(x, y)) < deviations);
    CHECK(std::abs(grid_deviation(x, y)) < deviations);
  }
}

TEST_CASE("random: the two normal numbers of a block are independent, and so are their squares") {
  xg::Random random{106};
  const Values x = as_doubles(random.normal({many}, 0, 1, xg::float64));
  const Values cosines = every_other(x, 0);
  const Values sines = every_other(x, 1);
  CHECK(std::abs(correlation(cosines, sines)) < deviations);
  CHECK(std::abs(correlation(squares(cosines), squares(sines))) < deviations);
  CHECK(std::abs(correlation(squares(cosines), sines)) < deviations);
  Values u(cosines.size());
  Values v(sines.size());
  std::transform(cosines.begin(), cosines.end(), u.begin(), normal_distribution);
  std::transform(sines.begin(), sines.end(), v.begin(), normal_distribution);
  CHECK(std::abs(grid_deviation(u, v)) < deviations);
}

TEST_CASE("random: bernoulli numbers of neighbouring draws agree as often as independent ones") {
  xg::Random random{107};
  for (const double p : {0.001, 0.1, 0.5, 0.9}) {
    const auto x = random.bernoulli({many}, p).to_vector<bool>();
    const auto y = random.bernoulli({many}, p).to_vector<bool>();
    double both = 0;
    double ones = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      both += x[i] && y[i] ? 1 : 0;
      ones += x[i] ? 1 : 0;
    }
    CHECK(std::abs(ones - many * p) < deviations * std::sqrt(many * p * (1 - p)));
    CHECK(std::abs(both - many * p * p) < deviations * std::sqrt(many * p * p) + 3);
  }
}

// The number of fixed points of a random permutation has mean 1 and variance 1.
TEST_CASE("random: permutations have fixed points, and ascents, as often as random ones") {
  xg::Random random{108};
  constexpr int rounds = 20'000;
  constexpr std::int64_t length = 50;
  double fixed = 0;
  double ascents = 0;
  for (int round = 0; round < rounds; ++round) {
    const auto order = random.permutation(length);
    for (std::size_t i = 0; i < order.size(); ++i) {
      fixed += order[i] == static_cast<std::int64_t>(i) ? 1 : 0;
      ascents += i > 0 && order[i] > order[i - 1] ? 1 : 0;
    }
  }
  CHECK(std::abs(fixed - rounds) < deviations * std::sqrt(static_cast<double>(rounds)));
  const double ascent_mean = (length - 1) / 2.0;  // Eulerian numbers: variance (n + 1) / 12
  CHECK(std::abs(ascents - rounds * ascent_mean) < deviations * std::sqrt(rounds * (length + 1) / 12.0));
}
