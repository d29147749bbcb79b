#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <doctest/doctest.h>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "xgrad/data.hpp"
#include "xgrad/error.hpp"

#include "support/message_of.hpp"

namespace xg = xgrad;

namespace {

/// A sample as in digits.csv: 64 pixels from 0 to 16 and the label.
using Sample = std::vector<int>;

/// The samples of a part, with pixels multiplied back by 16.
template <class T>
std::vector<Sample> samples_of(const xg::data::Dataset& part) {
  const auto inputs = part.inputs.data<T>();
  const auto labels = part.labels.data<std::int64_t>();
  std::vector<Sample> samples;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    Sample sample;
    for (std::size_t p = 0; p < 64; ++p) {
      const T pixel = inputs[i * 64 + p] * T{16};
      REQUIRE(pixel == static_cast<T>(static_cast<int>(pixel)));
      sample.push_back(static_cast<int>(pixel));
    }
    sample.push_back(static_cast<int>(labels[i]));
    samples.push_back(sample);
  }
  return samples;
}

template <class T>
std::vector<Sample> all_samples(const xg::data::TrainTest& data) {
  std::vector<Sample> samples = samples_of<T>(data.train);
  const std::vector<Sample> test = samples_of<T>(data.test);
  samples.insert(samples.end(), test.begin(), test.end());
  return samples;
}

std::vector<Sample> samples_in_file() {
  std::ifstream in{XGRAD_TEST_DATA "/../../data/digits.csv"};
  REQUIRE(in.is_open());
  std::vector<Sample> samples;
  for (std::string line; std::getline(in, line);) {
    Sample sample;
    std::size_t at = 0;
    while (at <= line.size()) {
      const std::size_t comma = std::min(line.find(',', at), line.size());
      sample.push_back(std::stoi(line.substr(at, comma - at)));
      at = comma + 1;
    }
    samples.push_back(sample);
  }
  return samples;
}

std::vector<Sample> sorted(std::vector<Sample> samples) {
  std::sort(samples.begin(), samples.end());
  return samples;
}

}  // namespace

TEST_CASE("digits: class counts are those that UCI publishes for the test part") {
  std::array<int, 10> counts{};
  for (const Sample& sample : all_samples<float>(xg::data::digits())) {
    ++counts.at(static_cast<std::size_t>(sample[64]));
  }
  CHECK(counts == std::array<int, 10>{178, 182, 177, 183, 181, 182, 181, 179, 174, 180});
}

TEST_CASE("digits: the sum of every pixel over all samples is that which awk finds in the file") {
  // awk -F, '{for(i=1;i<=64;i++) p[i]+=$i} END{for(i=1;i<=64;i++) print p[i]}' data/digits.csv
  const std::array<int, 64> expected = {
      0,  546,  9353,  21269, 21291, 10390, 2448, 233, 10, 3583, 18657, 21527, 18472, 14692, 3318, 194,
      5,  4675, 17796, 12566, 12755, 14028, 3214, 90,  2,  4438, 16337, 15852, 17839, 13570, 4165, 4,
      0,  4204, 13778, 16302, 18512, 15713, 5228, 0,   16, 2846, 12366, 12989, 13787, 14801, 6211, 49,
      13, 1266, 13490, 17142, 16921, 15739, 6694, 371, 1,  502,  9987,  21724, 21221, 12155, 3716, 655};
  std::array<int, 64> sums{};
  int total = 0;
  for (const Sample& sample : all_samples<float>(xg::data::digits())) {
    for (std::size_t p = 0; p < 64; ++p) {
      sums.at(p) += sample[p];
      total += sample[p];
    }
  }
  CHECK(sums == expected);
  CHECK(total == 561718);
}

TEST_CASE("digits: training and test part together are the file's samples, each once, in the seed's order") {
  const std::vector<Sample> file = samples_in_file();
  REQUIRE(file.size() == 1797);
  CHECK(file[0] == Sample{0, 0,  5, 13, 9,  1, 0,  0, 0,  0,  13, 15, 10, 15, 5, 0,  0,  3, 15, 2, 0,  11,
                          8, 0,  0, 4,  12, 0, 0,  8, 8,  0,  0,  5,  8,  0,  0, 9,  8,  0, 0,  4, 11, 0,
                          1, 12, 7, 0,  0,  2, 14, 5, 10, 12, 0,  0,  0,  0,  6, 13, 10, 0, 0,  0, 0});
  for (const std::uint64_t seed : {0U, 1U, 77U}) {
    const std::vector<Sample> samples = all_samples<double>(xg::data::digits({.seed = seed, .dtype = xg::float64}));
    CHECK(sorted(samples) == sorted(file));
    const auto order = xg::Random{seed}.permutation(1797);
    bool in_order = samples.size() == order.size();
    for (std::size_t i = 0; in_order && i < order.size(); ++i) {
      in_order = samples[i] == file[static_cast<std::size_t>(order[i])];
    }
    CHECK(in_order);
  }
}

TEST_CASE("digits: test_fraction decides the sizes") {
  const auto sizes = [](double fraction) {
    const auto data = xg::data::digits({.test_fraction = fraction});
    return std::pair{data.train.size(), data.test.size()};
  };
  CHECK(sizes(0.2) == std::pair<std::int64_t, std::int64_t>{1438, 359});
  CHECK(sizes(0.5) == std::pair<std::int64_t, std::int64_t>{898, 899});
  CHECK(sizes(0.0006) == std::pair<std::int64_t, std::int64_t>{1796, 1});
}

TEST_CASE("digits: the default is a fifth for the test, seed 0, float32, 64 features in [0, 1], 10 classes") {
  const auto [train, test] = xg::data::digits();
  CHECK(train.size() == 1438);
  CHECK(test.size() == 359);
  for (const xg::data::Dataset& part : {train, test}) {
    CHECK(part.features() == 64);
    CHECK(part.classes() == 10);
    CHECK(part.inputs.dtype() == xg::float32);
    CHECK(part.targets.dtype() == xg::float32);
    CHECK(part.labels.dtype() == xg::int64);
    const auto pixels = part.inputs.data<float>();
    CHECK(*std::min_element(pixels.begin(), pixels.end()) == 0);
    CHECK(*std::max_element(pixels.begin(), pixels.end()) == 1);
  }
  CHECK(samples_of<float>(test) == samples_of<float>(xg::data::digits({.seed = 0}).test));
}

TEST_CASE("digits: the same seed gives the same split, another seed another one") {
  const auto first = xg::data::digits({.seed = 5});
  const auto again = xg::data::digits({.seed = 5});
  const auto other = xg::data::digits({.seed = 6});
  CHECK(samples_of<float>(first.train) == samples_of<float>(again.train));
  CHECK(samples_of<float>(first.test) == samples_of<float>(again.test));
  CHECK(sorted(samples_of<float>(first.test)) != sorted(samples_of<float>(other.test)));
}

TEST_CASE("digits: the seed and not the dtype decides the split, and targets are the labels one-hot") {
  const auto single = xg::data::digits({.seed = 3});
  const auto twice = xg::data::digits({.seed = 3, .dtype = xg::float64});
  CHECK(samples_of<float>(single.test) == samples_of<double>(twice.test));
  const auto labels = twice.test.labels.data<std::int64_t>();
  const auto targets = twice.test.targets.data<double>();
  REQUIRE(targets.size() == labels.size() * 10);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    for (std::size_t k = 0; k < 10; ++k) {
      CHECK(targets[i * 10 + k] == (static_cast<std::int64_t>(k) == labels[i] ? 1.0 : 0.0));
    }
  }
}

TEST_CASE("digits: an integer dtype is a DTypeError, an impossible test_fraction a ValueError") {
  CHECK(message_of<xg::DTypeError>([] { return xg::data::digits({.dtype = xg::int64}); }) ==
        "[digits] dtype int64: expected float32 or float64");
  CHECK_THROWS_AS(static_cast<void>(xg::data::digits({.dtype = xg::boolean})), xg::DTypeError);
  for (const double fraction : {0.0, 1.0, -0.1, 1.5, std::nan(""), 1e-5, 0.99999}) {
    CAPTURE(fraction);
    CHECK(contains(message_of<xg::ValueError>([=] { return xg::data::digits({.test_fraction = fraction}); }),
                   "[digits] test_fraction "));
  }
}
