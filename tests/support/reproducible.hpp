#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "xgrad/creation.hpp"
#include "xgrad/tensor.hpp"

/// Numbers that Python and C++ make alike, and what stands for a large tensor in a golden file: reproducible.py in C++.
namespace reproducible {

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) as doubles in [−1, 1).
inline std::vector<double> uniform(std::uint64_t seed, std::int64_t count) {
  std::vector<double> values(static_cast<std::size_t>(count));
  std::uint64_t state = seed * 0xD1342543DE82EF95U;
  for (double& value : values) {
    state += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    z ^= z >> 31U;
    value = static_cast<double>(z >> 11U) / 4503599627370496.0 - 1.0;
  }
  return values;
}

inline xgrad::Tensor tensor(std::uint64_t seed, const xgrad::Shape& shape, double scale = 1) {
  std::vector<double> values = uniform(seed, shape.size());
  for (double& value : values) {
    value *= scale;
  }
  return xgrad::from_vector(values, shape);
}

inline xgrad::Tensor integers(std::uint64_t seed, const xgrad::Shape& shape, std::int64_t bound) {
  std::vector<std::int64_t> result;
  for (const double value : uniform(seed, shape.size())) {
    const auto scaled = static_cast<std::int64_t>((value + 1) / 2 * static_cast<double>(bound));
    result.push_back(std::min(scaled, bound - 1));
  }
  return xgrad::from_vector(result, shape);
}

/// Two products with fixed numbers, and the length.
using Fingerprint = std::array<double, 3>;

inline Fingerprint fingerprint(const xgrad::Tensor& tensor) {
  const std::vector<double> values = tensor.to_vector<double>();
  const std::vector<double> first = uniform(1001, static_cast<std::int64_t>(values.size()));
  const std::vector<double> second = uniform(1002, static_cast<std::int64_t>(values.size()));
  Fingerprint result{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    result[0] += values[i] * first[i];
    result[1] += values[i] * second[i];
    result[2] += values[i] * values[i];
  }
  result[2] = std::sqrt(result[2]);
  return result;
}

/// The largest difference of the three, as a share of the expected length, but of 1e-5 where that is shorter: a sum
/// that is 0 but for rounding.
inline double distance(const xgrad::Tensor& found, const Fingerprint& expected) {
  const Fingerprint actual = fingerprint(found);
  const double length = std::max(expected[2], 1e-5);
  double worst = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double difference = std::abs(actual[i] - expected[i]) / length;
    worst = difference <= worst ? worst : difference;  // NaN counts as largest
    if (std::isnan(difference)) {
      return INFINITY;
    }
  }
  return worst;
}

/// A golden file. Throws if it is missing.
inline nlohmann::json read(const std::string& path) {
  std::ifstream file{path};
  if (!file) {
    throw std::runtime_error("can't read " + path);
  }
  return nlohmann::json::parse(file);
}

}  // namespace reproducible
