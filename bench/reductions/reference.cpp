#include <cmath>
#include <cstdio>
#include <vector>

#include "workload.hpp"

namespace bench::reductions {

namespace {

// Each result, and how far from it rounding may lead: a few roundings of float32 of the numbers that it is made of.
struct Expected {
  std::vector<double> values;
  double tolerance = 0;
};

constexpr double rounding = 2e-6;
constexpr double largest = 4;  // of |x|

Expected sums(const Workload& workload, std::size_t rows, std::size_t columns) {
  Expected expected;
  expected.values.assign(static_cast<std::size_t>(result_size(workload)), 0.0);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) {
      const std::size_t place = workload.operation == Operation::sum          ? 0
                                : workload.operation == Operation::sum_axis_0 ? j
                                                                              : i;
      expected.values[place] += static_cast<double>(workload.x[i * columns + j]);
    }
  }
  const auto terms = static_cast<double>(rows * columns / expected.values.size());
  expected.tolerance = rounding * largest * terms;
  return expected;
}

// The norm's error is half the squares' relative to it, and these are all positive.
Expected distance(const Workload& workload) {
  double squares = 0;
  for (std::size_t i = 0; i < workload.x.size(); ++i) {
    const double difference = static_cast<double>(workload.x[i]) - static_cast<double>(workload.y[i]);
    squares += difference * difference;
  }
  return {{std::sqrt(squares)}, rounding * std::sqrt(squares)};
}

Expected of_rows(const Workload& workload, std::size_t rows, std::size_t columns) {
  Expected expected;
  for (std::size_t i = 0; i < rows; ++i) {
    const float* x = workload.x.data() + i * columns;
    double sum = 0;
    for (std::size_t j = 0; j < columns; ++j) {
      sum += std::exp(static_cast<double>(x[j]));
    }
    if (workload.operation == Operation::logsumexp) {
      expected.values.push_back(std::log(sum));
      continue;
    }
    for (std::size_t j = 0; j < columns; ++j) {
      const auto value = static_cast<double>(x[j]);
      expected.values.push_back(workload.operation == Operation::softmax ? std::exp(value) / sum
                                                                         : value - std::log(sum));
    }
  }
  expected.tolerance = workload.operation == Operation::softmax ? rounding : rounding * 16;
  return expected;
}

}  // namespace

std::string check(const Workload& workload, Contender& contender) {
  const auto rows = static_cast<std::size_t>(workload.rows);
  const auto columns = static_cast<std::size_t>(workload.columns);
  const bool sum = workload.operation == Operation::sum || workload.operation == Operation::sum_axis_0 ||
                   workload.operation == Operation::sum_axis_1;
  const Expected expected = workload.operation == Operation::distance ? distance(workload)
                            : sum                                     ? sums(workload, rows, columns)
                                                                      : of_rows(workload, rows, columns);
  contender.run();
  const Floats found = contender.result();
  if (found.size() != expected.values.size()) {
    return "the result has a wrong size";
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    // A small softmax has to be right relative to itself.
    const double tolerance =
        workload.operation == Operation::softmax ? 10 * expected.tolerance * expected.values[i] : expected.tolerance;
    if (!(std::abs(static_cast<double>(found[i]) - expected.values[i]) <= tolerance)) {
      char text[120];
      std::snprintf(text, sizeof text, "entry %zu is %.9g, expected %.9g", i, static_cast<double>(found[i]),
                    expected.values[i]);
      return text;
    }
  }
  return {};
}

}  // namespace bench::reductions
