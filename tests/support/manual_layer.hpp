#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <doctest/doctest.h>
#include <functional>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/report_rows.hpp"

/// A layer of nn beside its formulas by hand.
namespace xgrad::test {

/// The output, and the gradients of the inputs, then of the parameters.
struct ByHand {
  Tensor y;
  std::vector<Tensor> gradients;
};
using HandFunction = std::function<ByHand(const std::vector<Tensor>& inputs, const Tensor& dy)>;

struct ManualLayer {
  check::ForwardFunction forward;
  std::vector<NamedTensor> inputs;
  std::vector<NamedParameter> parameters;
  HandFunction by_hand;
  check::CompareOptions options = {};
};

/// NaN unless both are NaN where one is.
inline double largest_difference(const Tensor& a, const Tensor& b) {
  const std::vector<double> x = cast(a, float64).to_vector<double>();
  const std::vector<double> y = cast(b, float64).to_vector<double>();
  double largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i]))) {
      continue;
    }
    const double difference = std::abs(x[i] - y[i]) / std::max(1.0, std::abs(y[i]));
    if (std::isnan(difference)) {
      return difference;
    }
    largest = std::max(largest, difference);
  }
  return largest;
}

inline void check_output(const ManualLayer& layer) {
  std::vector<Tensor> inputs;
  for (const NamedTensor& input : layer.inputs) {
    inputs.push_back(input.tensor);
  }
  const Tensor y = layer.forward(inputs).eval();
  const Tensor by_hand = layer.by_hand(inputs, ones_like(y)).y;
  REQUIRE(by_hand.shape() == y.shape());
  CHECK(by_hand.dtype() == y.dtype());
  CHECK(largest_difference(by_hand, y) <= (y.dtype() == float64 ? 1e-12 : 1e-5));
}

inline check::Report compared(const ManualLayer& layer, std::ptrdiff_t wrong = -1) {
  check::CompareOptions options = layer.options;
  options.diagnose = options.diagnose && wrong < 0;
  return check::compare_backward(
      layer.forward, layer.inputs, layer.parameters,
      [&](const std::vector<Tensor>& inputs, const Tensor& dy) {
        std::vector<Tensor> gradients = layer.by_hand(inputs, dy).gradients;
        if (wrong >= 0) {
          Tensor& gradient = gradients[static_cast<std::size_t>(wrong)];
          gradient = gradient * 1.01;
        }
        return gradients;
      },
      options);
}

/// The outputs are equal, and all three gradients of each input and parameter.
inline void check_three_ways(const ManualLayer& layer) {
  check_output(layer);
  const check::Report report = compared(layer);
  CAPTURE(report.text());
  CHECK(report.verdict() == check::Verdict::right);
}

/// Manual and automatic gradients are equal, where differences can't tell of these rows: kinks, or gradients of zero.
inline void check_manual_is_automatic(const ManualLayer& layer, const Names& undecided) {
  check_output(layer);
  const check::Report report = compared(layer);
  CAPTURE(report.text());
  for (const check::ParameterReport& row : report.parameters) {
    CAPTURE(row.name);
    const bool is_undecided = std::find(undecided.begin(), undecided.end(), row.name) != undecided.end();
    CHECK(row.verdict == (is_undecided ? check::Verdict::inconclusive : check::Verdict::right));
    CHECK(row.manual_automatic.verdict == check::Verdict::right);
  }
}

/// Of gradients of which one is 1 % too large, that one is wrong and no other.
inline void check_every_mistake_is_found(const ManualLayer& layer) {
  const std::size_t count = layer.inputs.size() + layer.parameters.size();
  for (std::size_t i = 0; i < count; ++i) {
    const check::Report report = compared(layer, static_cast<std::ptrdiff_t>(i));
    CAPTURE(report.text());
    for (std::size_t j = 0; j < count; ++j) {
      CHECK(report.parameters[j].verdict == (i == j ? check::Verdict::wrong : check::Verdict::right));
    }
  }
}

}  // namespace xgrad::test
