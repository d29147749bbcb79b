#include "xgrad/random.hpp"

#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <numeric>
#include <set>

#include "xgrad/error.hpp"
#include "xgrad/math.hpp"

#include "run/philox.hpp"

namespace xg = xgrad;

namespace {

struct Moments {
  double mean;
  double variance;
  double fourth;  // the fourth central moment over the squared variance
};

Moments moments(const std::vector<double>& x) {
  const auto n = static_cast<double>(x.size());
  const double mean = std::accumulate(x.begin(), x.end(), 0.0) / n;
  double second = 0;
  double fourth = 0;
  for (const double value : x) {
    const double d = value - mean;
    second += d * d / n;
    fourth += d * d * d * d / n;
  }
  return {mean, second, fourth / (second * second)};
}

}  // namespace

TEST_CASE("philox: the known answers published with Random123") {
  using Block = std::array<std::uint32_t, 4>;
  CHECK(xg::run::philox(Block{0, 0, 0, 0}, {0, 0}) == Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(xg::run::philox(Block{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
        Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(xg::run::philox(Block{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("random: the same seed gives the same numbers, another seed others, each draw others") {
  xg::Random a{7};
  xg::Random b{7};
  xg::Random c{8};
  const auto first = a.normal({5}).to_vector<float>();
  CHECK(first == b.normal({5}).to_vector<float>());
  CHECK(first != c.normal({5}).to_vector<float>());
  CHECK(first != a.normal({5}).to_vector<float>());
}

TEST_CASE("random: a tensor evaluated again, through another graph, has the same numbers") {
  xg::Random random{7};
  const xg::Tensor noise = random.normal({4}, 0, 1, xg::float64);
  const auto doubled = (noise * 2.0).to_vector<double>();
  const auto tripled = (noise * 3.0).to_vector<double>();
  const auto plain = noise.to_vector<double>();
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(doubled[i] == plain[i] * 2);
    CHECK(tripled[i] == plain[i] * 3);
  }
}

TEST_CASE("random: normal numbers have the moments of the normal distribution") {
  constexpr std::int64_t n = 200'000;
  xg::Random random{11};
  const auto m = moments(random.normal({n}, 2, 3, xg::float64).to_vector<double>());
  // Six standard errors: σ/√n, σ²√(2/n), √(96/n) for the fourth moment, 3 for a normal distribution.
  const double root = std::sqrt(static_cast<double>(n));
  CHECK(std::abs(m.mean - 2) < 6 * 3 / root);
  CHECK(std::abs(m.variance - 9) < 6 * 9 * std::sqrt(2.0) / root);
  CHECK(std::abs(m.fourth - 3) < 6 * std::sqrt(96.0) / root);
}

TEST_CASE("random: uniform numbers fill [low, high) evenly and never reach high") {
  constexpr std::int64_t n = 200'000;
  xg::Random random{11};
  for (const xg::DType dtype : {xg::float32, xg::float64}) {
    const auto x = xg::cast(random.uniform({n}, -1, 3, dtype), xg::float64).to_vector<double>();
    CHECK(*std::min_element(x.begin(), x.end()) >= -1);
    CHECK(*std::max_element(x.begin(), x.end()) < 3);
    const auto m = moments(x);
    CHECK(std::abs(m.mean - 1) < 6 * 4 / std::sqrt(12.0 * n));
    CHECK(std::abs(m.variance - 16.0 / 12) < 6 * (16.0 / 12) * std::sqrt(0.8 / n));
  }
  // With a range of a few float32 numbers, rounding would reach the end.
  const auto narrow = random.uniform({10'000}, 1.0, 1.0 + 3 * 0x1p-23).to_vector<float>();
  CHECK(*std::max_element(narrow.begin(), narrow.end()) < static_cast<float>(1.0 + 3 * 0x1p-23));
}

TEST_CASE("random: bernoulli hits its probability, and is exact at 0 and 1") {
  constexpr std::int64_t n = 100'000;
  xg::Random random{11};
  const auto x = random.bernoulli({n}, 0.3, xg::float64).to_vector<double>();
  const double share = std::accumulate(x.begin(), x.end(), 0.0) / n;
  CHECK(std::abs(share - 0.3) < 6 * std::sqrt(0.21 / n));
  const auto never = random.bernoulli({1000}, 0).to_vector<bool>();
  const auto always = random.bernoulli({1000}, 1).to_vector<bool>();
  CHECK(std::count(never.begin(), never.end(), true) == 0);
  CHECK(std::count(always.begin(), always.end(), true) == 1000);
}

TEST_CASE("random: a permutation holds every number once, and each place gets each number about equally often") {
  xg::Random random{3};
  auto order = random.permutation(1000);
  CHECK(order != random.permutation(1000));
  std::sort(order.begin(), order.end());
  for (std::int64_t i = 0; i < 1000; ++i) {
    REQUIRE(order[static_cast<std::size_t>(i)] == i);
  }
  std::array<std::array<int, 4>, 4> hits{};
  constexpr int rounds = 12'000;
  for (int round = 0; round < rounds; ++round) {
    const auto p = random.permutation(4);
    for (std::size_t place = 0; place < 4; ++place) {
      ++hits[place][static_cast<std::size_t>(p[place])];
    }
  }
  for (const auto& row : hits) {
    for (const int count : row) {
      CHECK(std::abs(count - rounds / 4) < 6 * std::sqrt(rounds * 0.25 * 0.75));
    }
  }
  CHECK(random.permutation(0).empty());
}

TEST_CASE("random: integers lie below their bound; split streams differ from their parent's") {
  xg::Random random{3};
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 200; ++i) {
    seen.insert(random.integer(7));
  }
  CHECK(seen == std::set<std::uint64_t>{0, 1, 2, 3, 4, 5, 6});
  xg::Random child = random.split();
  CHECK(child.seed() != random.seed());
  CHECK(child.normal({3}).to_vector<float>() != random.normal({3}).to_vector<float>());
}

TEST_CASE("random: wrong arguments are named errors; empty and zero-rank shapes are fine") {
  xg::Random random{1};
  CHECK_THROWS_AS(static_cast<void>(random.normal({2}, 0, -1)), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(random.normal({2}, std::nan(""), 1)), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(random.normal({2}, 0, 1, xg::int64)), xg::DTypeError);
  CHECK_THROWS_AS(static_cast<void>(random.uniform({2}, 1, 0)), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(random.uniform({2}, 0, INFINITY)), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(random.bernoulli({2}, 1.5)), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(random.bernoulli({2}, std::nan(""))), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(random.permutation(-1)), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(random.integer(0)), xg::ValueError);
  CHECK(random.normal({0, 3}).to_vector<float>().empty());
  CHECK(std::isfinite(random.normal({}).item()));
}
