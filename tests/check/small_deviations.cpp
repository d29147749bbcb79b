// Gradients that are nearly right: the right ones times 1 + t, or plus something tiny. The verdict goes from right to
// wrong once as t grows, and every report says one thing only.
#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/consistent_report.hpp"
#include "support/message_of.hpp"
#include "support/sanitizers.hpp"

namespace xg = xgrad;
using xg::DType;
using xg::float32;
using xg::float64;
using xg::matmul;
using xg::Tensor;
using xg::transpose;
using xg::check::compare;
using xg::check::CompareOptions;
using xg::check::ParameterReport;
using xg::check::Report;
using xg::check::Verdict;
using xgrad::test::check_consistent;

namespace {

/// A loss of three parameters, one of them a scalar.
struct Problem {
  std::string name;
  std::function<Tensor(const Tensor& W, const Tensor& b, const Tensor& s, const Tensor& x)> loss;
};

const std::vector<Problem>& problems() {
  static const std::vector<Problem> all{
      {"one layer", [](const Tensor& W, const Tensor& b, const Tensor& s,
                       const Tensor& x) { return xg::sum(xg::square(xg::sigmoid(matmul(x, transpose(W)) + b) * s)); }},
      {"the same layer twice, far from zero",
       [](const Tensor& W, const Tensor& b, const Tensor& s, const Tensor& x) {
         const Tensor h = xg::tanh(matmul(x, transpose(W)) + b).named("h");
         return xg::sum(xg::square(xg::tanh(matmul(h, W) * s))) + 1000.0;
       }},
      {"a sum of squares", [](const Tensor& W, const Tensor& b, const Tensor& s, const Tensor& x) {
         return (xg::sum(xg::square(W)) + xg::sum(xg::square(b))) * s + xg::mean(x) * s;
       }}};
  return all;
}

struct Case {
  xg::Random random;
  xg::Parameter W;
  xg::Parameter b;
  xg::Parameter s;
  Tensor x;
  xg::check::LossFunction loss;

  Case(const Problem& problem, DType dtype, std::uint64_t seed)
      : random{seed},
        W{random.normal({3, 3}, 0, 1, dtype), "W"},
        b{random.normal({3}, 0, 1, dtype), "b"},
        s{random.uniform({}, 0.5, 1.5, dtype), "s"},
        x{random.normal({5, 3}, 0, 1, dtype).eval().named("x")},
        loss{[this, f = problem.loss] { return f(W, b, s, x); }} {}

  [[nodiscard]] std::vector<xg::NamedParameter> parameters() const { return {{"W", W}, {"b", b}, {"s", s}}; }
  [[nodiscard]] std::vector<Tensor> gradients() const {
    return xg::value_and_gradients(loss(), parameters(), {.unconnected = xg::Unconnected::zeros}).gradients;
  }
};

Report report_of(const Case& c, const std::vector<Tensor>& manual) {
  return compare(c.loss, c.parameters(), {.manual = manual, .numeric = {.max_entries = 2, .directions = 0}});
}

// From 1e-16 to 1, more of them around the thresholds of the search and of the verdict.
std::vector<double> tiny_numbers(DType dtype) {
  std::vector<double> numbers;
  for (int i = -16; i <= 0; i += xg::test::sanitized ? 4 : 1) {
    numbers.push_back(std::pow(10, i));
  }
  const bool single = dtype == float32;
  for (const double threshold : {single ? 2e-5 : 1e-9, single ? 1e-4 : 1e-10}) {
    for (const double factor : {0.999, 1.0, 1.0001, 1.01, 1.5}) {
      numbers.push_back(factor * threshold);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

/// Changes the gradients by a tiny number.
struct Disturbance {
  std::string name;
  std::function<void(std::vector<Tensor>&, double)> apply;
};

const std::vector<Disturbance>& disturbances() {
  static const std::vector<Disturbance> all{
      {"a factor in all",
       [](std::vector<Tensor>& g, double t) {
         for (Tensor& each : g) {
           each = each * (1 + t);
         }
       }},
      {"a factor in one", [](std::vector<Tensor>& g, double t) { g[0] = g[0] * (1 + t); }},
      {"a factor in a scalar", [](std::vector<Tensor>& g, double t) { g[2] = g[2] * (1 - t); }},
      {"the same added everywhere",
       [](std::vector<Tensor>& g, double t) {
         for (Tensor& each : g) {
           each = each + t * xg::max(xg::abs(each));
         }
       }},
      {"one entry", [](std::vector<Tensor>& g, double t) {
         Tensor mask = xg::one_hot(xg::full({}, 1, xg::int64), 3, g[1].dtype());
         g[1] = g[1] + t * xg::max(xg::abs(g[1])) * mask;
       }}};
  return all;
}

int order_of(Verdict verdict) {
  return verdict == Verdict::right ? 0 : verdict == Verdict::inconclusive ? 1 : 2;
}

}  // namespace

TEST_CASE("compare: the right gradient times 1 + 1e-9 is wrong, and no mistake is made up for it") {
  {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      for (const Problem& problem : problems()) {
        CAPTURE(problem.name);
        CAPTURE(seed);
        const Case c{problem, float64, seed};
        std::vector<Tensor> manual = c.gradients();
        for (Tensor& each : manual) {
          each = (each * (1 + 1e-9)).eval();
        }
        const Report report = report_of(c, manual);
        CHECK(report.verdict() == Verdict::wrong);
        check_consistent(report);
        // An entry more than 1e-9 of the norm off would be one.
        for (const ParameterReport& row : report.parameters) {
          INFO(row.diagnosis);
          CHECK_FALSE(contains(row.diagnosis, "left out"));
          CHECK_FALSE(contains(row.diagnosis, "in place of"));
        }
      }
    }
  }
}

TEST_CASE("compare: along a sweep of tiny deviations the verdict changes from right to wrong, and never back") {
  for (const DType dtype : {float32, float64}) {
    for (const Problem& problem : problems()) {
      for (const Disturbance& disturbance : disturbances()) {
        CAPTURE(problem.name);
        CAPTURE(disturbance.name);
        CAPTURE(to_string(dtype));
        const Case c{problem, dtype, 7};
        const std::vector<Tensor> right = c.gradients();
        std::vector<int> worst(right.size(), 0);
        for (const double t : tiny_numbers(dtype)) {
          CAPTURE(t);
          std::vector<Tensor> manual = right;
          disturbance.apply(manual, t);
          xg::eval(manual);
          const Report report = report_of(c, manual);
          check_consistent(report);
          for (std::size_t i = 0; i < worst.size(); ++i) {
            const int here = order_of(report.parameters[i].manual_automatic.verdict);
            CHECK(here >= worst[i]);
            worst[i] = std::max(worst[i], here);
          }
        }
        CHECK(*std::max_element(worst.begin(), worst.end()) == 2);
      }
    }
  }
}

TEST_CASE("compare: a deviation of all entries is wrong where the norm shows it, though none does by itself") {
  const xg::Parameter W{xg::full({10'000}, 0.5, float32), "W"};
  const auto loss = [&] { return xg::sum(xg::square(W.value())); };
  int worst = 0;
  for (const double t : {0.0, 1e-5, 5e-5, 1.5e-4, 2e-4, 3e-4, 4e-4, 1e-3, 4e-3, 1e-2, 0.1}) {
    CAPTURE(t);
    const Tensor manual = xg::full({10'000}, 1 + t, float32);
    const Report report =
        compare(loss, {{"W", W}}, {.manual = {manual}, .numeric = {.max_entries = 2, .directions = 2}});
    check_consistent(report);
    const int here = order_of(report.parameters[0].manual_automatic.verdict);
    CHECK(here >= worst);
    worst = std::max(worst, here);
  }
  CHECK(worst == 2);
}
