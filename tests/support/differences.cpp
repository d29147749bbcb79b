#include "support/differences.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace xgrad::test {

namespace {

constexpr double relative_step = 2e-3;

double sixth_order(const std::function<double(double)>& f, double step) {
  constexpr std::array weights{45.0, -9.0, 1.0};
  double total = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double shift = step * static_cast<double>(i + 1);
    total += weights[i] * (f(shift) - f(-shift));
  }
  return total / (60 * step);
}

}  // namespace

std::vector<Values> central_gradient(const ScalarFunction& f, const std::vector<Values>& at) {
  std::vector<Values> point = at;
  std::vector<Values> result = at;
  for (std::size_t i = 0; i < point.size(); ++i) {
    for (std::size_t j = 0; j < point[i].data.size(); ++j) {
      const double middle = at[i].data[j];
      const auto shifted = [&](double shift) {
        point[i].data[j] = middle + shift;
        return f(point);
      };
      result[i].data[j] = sixth_order(shifted, relative_step * std::max(1.0, std::abs(middle)));
      point[i].data[j] = middle;
    }
  }
  return result;
}

double central_derivative(const ScalarFunction& f, const std::vector<Values>& at,
                          const std::vector<Values>& direction) {
  std::vector<Values> point = at;
  const auto shifted = [&](double shift) {
    for (std::size_t i = 0; i < point.size(); ++i) {
      for (std::size_t j = 0; j < point[i].data.size(); ++j) {
        point[i].data[j] = at[i].data[j] + shift * direction[i].data[j];
      }
    }
    return f(point);
  };
  return sixth_order(shifted, relative_step);
}

}  // namespace xgrad::test
