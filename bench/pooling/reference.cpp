#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "workload.hpp"

namespace bench::pooling {

namespace {

std::string difference(const char* what, const Floats& found, const std::vector<double>& expected) {
  if (found.size() != expected.size()) {
    return std::string{what} + " has a wrong size";
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!(std::abs(static_cast<double>(found[i]) - expected[i]) <= 1e-6)) {
      char text[120];
      std::snprintf(text, sizeof text, "%s: entry %zu is %.9g, expected %.9g", what, i, static_cast<double>(found[i]),
                    expected[i]);
      return text;
    }
  }
  return {};
}

}  // namespace

std::string check(const Workload& workload, Contender& contender) {
  const auto side = static_cast<std::size_t>(workload.side);
  std::vector<double> value(workload.cotangent.size());
  std::vector<double> gradient(workload.x.size());
  for (std::size_t j = 0; j < value.size(); ++j) {
    // Windows in order: those of a row, rows of a plane, planes.
    const std::size_t column = j % (side / 2) * 2;
    const std::size_t row = j / (side / 2) * 2;  // of all planes, which have an even number of them
    const auto g = static_cast<double>(workload.cotangent[j]);
    std::size_t best = row * side + column;
    double sum = 0;
    for (const std::size_t at : {best, best + 1, best + side, best + side + 1}) {
      sum += static_cast<double>(workload.x[at]);
      best = workload.x[at] > workload.x[best] ? at : best;
      gradient[at] += workload.kind == Kind::average ? g / 4 : 0;
    }
    value[j] = workload.kind == Kind::average ? sum / 4 : static_cast<double>(workload.x[best]);
    gradient[best] += workload.kind == Kind::average ? 0 : g;
  }
  contender.run();
  const std::string wrong = difference("the value", contender.value(), value);
  return wrong.empty() ? difference("the gradient", contender.gradient(), gradient) : wrong;
}

}  // namespace bench::pooling
