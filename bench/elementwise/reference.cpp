#include <cmath>
#include <cstdio>

#include "workload.hpp"

namespace bench::elementwise {

namespace {

// y and dy/dx of an element lie within 2: some roundings of float32.
constexpr double tolerance = 4e-6;

struct Point {
  double y;
  double slope;
};

Point reference(double x) {
  const double s = 1 / (1 + std::exp(-(static_cast<double>(a) * x + static_cast<double>(b))));
  const double t = std::tanh(static_cast<double>(c) * x);
  const double e = std::exp(-x * x);
  return {s * t + e, static_cast<double>(a) * s * (1 - s) * t + static_cast<double>(c) * s * (1 - t * t) - 2 * x * e};
}

std::string difference(const char* what, std::size_t i, double found, double expected) {
  char text[120];
  std::snprintf(text, sizeof text, "%s, entry %zu, is %.9g, expected %.9g", what, i, found, expected);
  return text;
}

std::string compare(const char* what, const Floats& x, const Floats& found, double Point::*member) {
  if (found.size() != x.size()) {
    return std::string{what} + " has a wrong size";
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double expected = reference(static_cast<double>(x[i])).*member;
    if (!(std::abs(static_cast<double>(found[i]) - expected) <= tolerance)) {
      return difference(what, i, static_cast<double>(found[i]), expected);
    }
  }
  return {};
}

}  // namespace

std::string check_forward(const Floats& x, Contender& contender) {
  contender.forward();
  return compare("y", x, contender.y(), &Point::y);
}

std::string check_gradient(const Floats& x, Contender& contender) {
  contender.gradient();
  double sum = 0;
  for (const float value : x) {
    sum += reference(static_cast<double>(value)).y;
  }
  if (!(std::abs(contender.sum() - sum) <= tolerance * static_cast<double>(x.size()))) {
    return difference("the sum", 0, contender.sum(), sum);
  }
  return compare("the gradient", x, contender.dx(), &Point::slope);
}

}  // namespace bench::elementwise
