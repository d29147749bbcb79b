// Derivatives far out, against formulas in long double: expm1′ = eˣ to a few units in the last place, and σ′ and tanh′,
// which are computed from the output, within the bound that operations.md states.
#include <cmath>
#include <doctest/doctest.h>
#include <limits>
#include <vector>

#include "xgrad/xgrad.hpp"

namespace xg = xgrad;
using xg::Tensor;

namespace {

template <class T>
std::vector<T> points() {
  std::vector<T> x;
  for (int i = -4000; i <= 4000; ++i) {
    x.push_back(static_cast<T>(i) / 50);
  }
  return x;
}

template <class T>
std::vector<T> slopes(Tensor (*f)(const Tensor&), const std::vector<T>& x) {
  const Tensor t = xg::variable(xg::from_vector(x, {static_cast<std::int64_t>(x.size())}));
  return xg::gradients(xg::sum(f(t)), {t})[0].to_vector<T>();
}

}  // namespace

TEST_CASE_TEMPLATE("expm1's derivative is eˣ to 4 units in the last place, also where expm1 is −1", T, float, double) {
  const std::vector<T> x = points<T>();
  const std::vector<T> found = slopes<T>(xg::expm1, x);
  long double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const long double exact = std::exp(static_cast<long double>(x[i]));
    worst = std::max(worst, std::abs(static_cast<long double>(found[i]) / exact - 1));
  }
  CHECK(static_cast<double>(worst) <= 4 * static_cast<double>(std::numeric_limits<T>::epsilon()));
}

TEST_CASE_TEMPLATE("σ′ and tanh′ are off by at most 4 ε, and σ′ by 4 ε of itself below 0", T, float, double) {
  const std::vector<T> x = points<T>();
  const std::vector<T> logistic = slopes<T>(xg::sigmoid, x);
  const std::vector<T> hyperbolic = slopes<T>(xg::tanh, x);
  const long double bound = 4 * static_cast<long double>(std::numeric_limits<T>::epsilon());
  int wrong = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto z = static_cast<long double>(x[i]);
    const long double e = std::exp(-std::abs(z));
    const long double exact_logistic = e / ((1 + e) * (1 + e));
    const long double exact_hyperbolic = 1 / (std::cosh(z) * std::cosh(z));
    const long double error = std::abs(static_cast<long double>(logistic[i]) - exact_logistic);
    wrong += error <= bound * (z <= 0 ? exact_logistic : 1) ? 0 : 1;
    wrong += std::abs(static_cast<long double>(hyperbolic[i]) - exact_hyperbolic) <= bound ? 0 : 1;
  }
  CHECK(wrong == 0);
}
