// Manual gradients of any kind: not finite, huge, tiny, zero, of empty and of scalar parameters. Whatever they are, a
// report comes out, and says one thing.
#include <algorithm>
#include <cmath>
#include <doctest/doctest.h>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/consistent_report.hpp"
#include "support/sanitizers.hpp"

namespace xg = xgrad;
using xg::DType;
using xg::float32;
using xg::float64;
using xg::matmul;
using xg::Tensor;
using xg::transpose;
using xg::check::compare;
using xg::check::Diagnosis;
using xg::check::ParameterReport;
using xg::check::Report;
using xg::check::Verdict;
using xgrad::test::check_consistent;

namespace {

/// A two-layer network with a scalar, an empty and an unused parameter beside its weights.
struct Network {
  std::vector<xg::NamedParameter> parameters;
  Tensor x;

  Network(DType dtype, std::uint64_t seed) {
    xg::Random random{seed};
    const auto add = [&](const char* name, const xg::Shape& shape) {
      parameters.push_back({name, xg::Parameter{random.normal(shape, 0, 1, dtype), name}});
    };
    add("W1", {4, 3});
    add("b1", {4});
    add("W2", {2, 4});
    add("s", {});
    add("none", {0, 3});
    add("unused", {2});
    x = random.normal({5, 3}, 0, 1, dtype).eval().named("x");
  }

  [[nodiscard]] Tensor value(std::size_t i) const { return parameters[i].parameter.value(); }
  [[nodiscard]] Tensor loss() const {
    const Tensor a = xg::sigmoid(matmul(x, transpose(value(0))) + value(1));
    const Tensor y = matmul(a, transpose(value(2))) * value(3);
    return xg::sum(xg::square(y)) + xg::sum(value(4));
  }
  [[nodiscard]] std::vector<Tensor> gradients() const {
    return xg::value_and_gradients(loss(), parameters, {.unconnected = xg::Unconnected::zeros}).gradients;
  }
};

double odd_number(std::mt19937_64& random, DType dtype) {
  const bool single = dtype == float32;
  const double largest = single ? std::numeric_limits<float>::max() : std::numeric_limits<double>::max();
  const double least = single ? std::numeric_limits<float>::denorm_min() : std::numeric_limits<double>::denorm_min();
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> all{std::nan(""), infinity, -infinity, largest, -largest,          least,
                                0.0,          -0.0,     1.0,       -3.5,    std::sqrt(largest)};
  return all[random() % all.size()];
}

// Every now and then an entry, a whole gradient, or all of them.
Tensor disturbed(const Tensor& gradient, std::mt19937_64& random) {
  std::vector<double> values = xg::cast(gradient, float64).to_vector<double>();
  const double number = odd_number(random, gradient.dtype());
  switch (random() % 5) {
    case 0:
      break;
    case 1:
      std::fill(values.begin(), values.end(), number);
      break;
    case 2:
      if (!values.empty()) {
        values[random() % values.size()] = number;
      }
      break;
    case 3:
      std::transform(values.begin(), values.end(), values.begin(), [number](double v) { return v * number; });
      break;
    default:
      for (double& value : values) {
        value = random() % 3 == 0 ? odd_number(random, gradient.dtype()) : value;
      }
  }
  return xg::cast(xg::from_vector(values, gradient.shape()), gradient.dtype()).eval();
}

}  // namespace

TEST_CASE("compare: random wrong gradients, finite or not, get a report that doesn't contradict itself") {
  const int rounds = xg::test::sanitized ? 5 : 60;
  std::mt19937_64 random{20261129};
  for (int round = 0; round < rounds; ++round) {
    CAPTURE(round);
    const DType dtype = round % 2 == 0 ? float64 : float32;
    const Network net{dtype, random()};
    const auto loss = [&net] { return net.loss(); };
    std::vector<Tensor> manual = net.gradients();
    for (Tensor& each : manual) {
      each = disturbed(each, random);
    }
    const Report report =
        compare(loss, net.parameters, {.manual = manual, .numeric = {.max_entries = 2, .directions = 1}});
    check_consistent(report);
    const std::vector<Diagnosis> diagnoses = xg::check::diagnose(loss, net.parameters, manual);
    for (std::size_t i = 0; i < diagnoses.size(); ++i) {
      const ParameterReport& row = report.parameters[i];
      CAPTURE(row.name);
      CHECK((diagnoses[i].verdict == Verdict::wrong) == (row.manual_automatic.verdict == Verdict::wrong));
      CHECK_FALSE(diagnoses[i].text().empty());
    }
  }
}

TEST_CASE("compare: a gradient function that gives odd values at the second probe only is wrong there") {
  std::mt19937_64 random{7};
  for (int round = 0; round < (xg::test::sanitized ? 2 : 10); ++round) {
    CAPTURE(round);
    const Network net{float64, random()};
    int calls = 0;
    const auto function = [&] {
      std::vector<Tensor> manual = net.gradients();
      if (++calls > 1) {
        for (Tensor& each : manual) {
          each = disturbed(each, random);
        }
      }
      return manual;
    };
    const Report report = compare([&net] { return net.loss(); }, net.parameters,
                                  {.manual_function = function, .numeric = {.max_entries = 2, .directions = 1}});
    check_consistent(report);
  }
}
