#include <algorithm>
#include <cmath>
#include <numeric>

#include "workload.hpp"

namespace bench::random {

namespace {

struct Distribution {
  double mean;
  double variance;
  double fourth;  // the fourth central moment
  double low;
  double high;
};

Distribution distribution(Kind kind) {
  switch (kind) {
    case Kind::uniform:
      return {0.5, 1.0 / 12, 1.0 / 80, 0, 1};
    case Kind::normal:
      return {0, 1, 3, -8.6, 8.6};
    default: {
      constexpr double p = probability;
      return {p, p * (1 - p), p * (1 - p) * (1 - 3 * p * (1 - p)), 0, 1};
    }
  }
}

}  // namespace

std::string check(const Workload& workload, Contender& contender) {
  contender.run();
  Floats x = contender.result();
  if (static_cast<std::int64_t>(x.size()) != workload.count) {
    return "the result has a wrong size";
  }
  if (workload.kind == Kind::permutation) {
    if (std::is_sorted(x.begin(), x.end())) {
      return "the permutation is none";
    }
    std::sort(x.begin(), x.end());
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (x[i] != static_cast<float>(i)) {
        return "the result is no permutation";
      }
    }
    return {};
  }
  const Distribution expected = distribution(workload.kind);
  const auto n = static_cast<double>(workload.count);
  double mean = 0;
  double variance = 0;
  for (const float value : x) {
    if (!(value >= expected.low && value <= expected.high)) {
      return "a number is out of range";
    }
    const double d = static_cast<double>(value) - expected.mean;
    mean += d / n;
    variance += d * d / n;
  }
  if (std::abs(mean) > 6 * std::sqrt(expected.variance / n)) {
    return "the mean is wrong";
  }
  if (std::abs(variance - expected.variance) >
      6 * std::sqrt((expected.fourth - expected.variance * expected.variance) / n)) {
    return "the variance is wrong";
  }
  return {};
}

}  // namespace bench::random
