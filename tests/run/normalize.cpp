// Means and deviations of long float32 rows, against sums in double: far from 0, with an outlier first, huge, not
// finite.
#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <limits>
#include <random>
#include <vector>

#include "xgrad/xgrad.hpp"

namespace xg = xgrad;

namespace {

using Floats = std::vector<float>;

constexpr std::size_t length = 1000;

Floats row(double middle, double bound, float first) {
  std::mt19937 engine{5};
  std::uniform_real_distribution<double> uniform{middle - bound, middle + bound};
  Floats values(length);
  std::generate(values.begin(), values.end(), [&] { return static_cast<float>(uniform(engine)); });
  values[0] = first;
  return values;
}

struct Expected {
  double mean = 0;
  double deviation = 0;
};

// Scaled, so that squares of the largest numbers stay in double's range by far.
Expected expected(const Floats& x, double epsilon) {
  Expected e;
  for (const float value : x) {
    e.mean += static_cast<double>(value) / static_cast<double>(x.size());
  }
  double squares = 0;
  for (const float value : x) {
    squares += std::pow(static_cast<double>(value) - e.mean, 2);
  }
  e.deviation = std::sqrt(squares / static_cast<double>(x.size()) + epsilon);
  return e;
}

}  // namespace

TEST_CASE("normalize: long rows of float32 are right wherever they lie, and whatever comes first") {
  const double epsilon = 1e-5;
  for (const Floats& x :
       {row(0, 1, 0.5F), row(1000, 1, 999.5F), row(1e6, 3, 1e6F), row(0, 1, 1e4F), row(3, 1e-3, -1e6F), row(0, 1e30, 0),
        row(-1e38, 2e38, 3e38F), row(2e38, 1e38, -3e38F), row(0, 1e-30, 0), row(1, 1e-20, 1)}) {
    const Expected e = expected(x, epsilon);
    CAPTURE(e.mean);
    CAPTURE(e.deviation);
    const xg::Tensor t = xg::from_vector(x, {1, static_cast<std::int64_t>(length)});
    const double deviation = xg::deviation(t, -1, epsilon).to_vector<float>()[0];
    CHECK(std::abs(deviation - e.deviation) <= 4e-7 * e.deviation);
    const Floats normal = xg::normalize(t, -1, epsilon).to_vector<float>();
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < length; ++i) {
      const double right = (static_cast<double>(x[i]) - e.mean) / e.deviation;
      wrong += std::abs(static_cast<double>(normal[i]) - right) <= 1e-6 * (1 + std::abs(right)) ? 0U : 1U;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("normalize: a long row that isn't finite is NaN, wherever that is") {
  for (const float odd : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                          std::numeric_limits<float>::quiet_NaN()}) {
    for (const std::size_t at : {std::size_t{0}, std::size_t{1}, length - 1}) {
      Floats x = row(0, 1, 0.5F);
      x[at] = odd;
      const Floats y =
          xg::normalize(xg::from_vector(x, {1, static_cast<std::int64_t>(length)}), -1, 1e-5).to_vector<float>();
      CHECK(std::all_of(y.begin(), y.end(), [](float value) { return std::isnan(value); }));
    }
  }
}
