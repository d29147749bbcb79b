#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "workload.hpp"

namespace bench::mlp_step {

namespace {

using Doubles = std::vector<double>;

struct Step {
  double loss = 0;
  std::vector<Doubles> parameters;  // W and b of each layer in turn, after the step
};

// a ← σ(W a + b), one sample.
Doubles forward(const LayerValues& layer, const Doubles& a) {
  Doubles next(layer.b.begin(), layer.b.end());
  const float* w = layer.W.data();
  for (double& value : next) {
    for (const double input : a) {
      value += *w++ * input;
    }
    value = 1 / (1 + std::exp(-value));
  }
  return next;
}

// The document's formulas, sample by sample, in plain loops: shares no code with any contender.
Step reference_step(const Workload& workload) {
  const std::size_t depth = workload.layers.size();
  Step step;
  for (const LayerValues& layer : workload.layers) {
    step.parameters.emplace_back(layer.W.begin(), layer.W.end());
    step.parameters.emplace_back(layer.b.begin(), layer.b.end());
  }
  const auto batch = static_cast<std::size_t>(workload.batch);
  const double rate = static_cast<double>(workload.learning_rate) / static_cast<double>(batch);
  const std::size_t in = workload.x.size() / batch;
  const std::size_t out = workload.y.size() / batch;
  for (std::size_t i = 0; i < batch; ++i) {
    const float* x = workload.x.data() + i * in;
    const float* y = workload.y.data() + i * out;
    std::vector<Doubles> a{Doubles(x, x + in)};
    for (const LayerValues& layer : workload.layers) {
      a.push_back(forward(layer, a.back()));
    }
    Doubles delta(out);
    for (std::size_t j = 0; j < out; ++j) {
      const double value = a[depth][j];
      const double error = value - y[j];
      step.loss += 0.5 * error * error / static_cast<double>(batch);
      delta[j] = error * value * (1 - value);
    }
    for (std::size_t l = depth; l-- > 0;) {
      Doubles below(a[l].size(), 0.0);
      Doubles& W = step.parameters[2 * l];
      Doubles& b = step.parameters[2 * l + 1];
      for (std::size_t j = 0; j < delta.size(); ++j) {
        const float* w = workload.layers[l].W.data() + j * below.size();
        for (std::size_t k = 0; k < below.size(); ++k) {
          below[k] += delta[j] * w[k];
          W[j * below.size() + k] -= rate * delta[j] * a[l][k];
        }
        b[j] -= rate * delta[j];
      }
      for (std::size_t k = 0; k < below.size(); ++k) {
        below[k] *= a[l][k] * (1 - a[l][k]);
      }
      delta = std::move(below);
    }
  }
  return step;
}

}  // namespace

// A parameter is right if it is the expected one up to its own rounding and a ten-thousandth of the largest change that
// the step makes to its array.
std::string check_step(const Workload& workload, Contender& contender) {
  const Step expected = reference_step(workload);
  contender.step();
  const std::vector<Floats> found = contender.parameters();
  if (found.size() != expected.parameters.size()) {
    return "wrong number of parameters";
  }
  char text[160];
  if (!(std::abs(contender.loss() - expected.loss) <= 1e-5 * expected.loss)) {
    std::snprintf(text, sizeof text, "the loss is %.9g, expected %.9g", contender.loss(), expected.loss);
    return text;
  }
  for (std::size_t p = 0; p < found.size(); ++p) {
    const LayerValues& layer = workload.layers[p / 2];
    const Floats& before = p % 2 == 0 ? layer.W : layer.b;
    const Doubles& wanted = expected.parameters[p];
    if (found[p].size() != wanted.size()) {
      return "a parameter has a wrong size";
    }
    double change = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      change = std::max(change, std::abs(wanted[i] - static_cast<double>(before[i])));
    }
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const double tolerance =
          1e-4 * change + static_cast<double>(std::numeric_limits<float>::epsilon()) * std::abs(wanted[i]);
      if (!(std::abs(static_cast<double>(found[p][i]) - wanted[i]) <= tolerance)) {
        std::snprintf(text, sizeof text, "%s of layer %zu, entry %zu, is %.9g after a step, expected %.9g",
                      p % 2 == 0 ? "W" : "b", p / 2 + 1, i, static_cast<double>(found[p][i]), wanted[i]);
        return text;
      }
    }
  }
  return {};
}

}  // namespace bench::mlp_step
