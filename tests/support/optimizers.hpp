#pragma once

#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "xgrad/optim.hpp"

/// Every optimiser: as it is made, and as its recurrence is written down. What is tested of all goes over this table.
namespace xgrad::test {

using Numbers = std::vector<double>;
using MakeOptimizer = std::unique_ptr<optim::Optimizer> (*)(const std::vector<NamedParameter>& parameters);

struct OptimizerCase {
  std::string name;
  MakeOptimizer make;
  /// w after so many steps along gradient(w), by the recurrence alone.
  std::function<Numbers(Numbers w, const std::function<Numbers(const Numbers&)>& gradient, int steps)> recurrence;
};

template <class Optimizer, auto options>
std::unique_ptr<optim::Optimizer> make_optimizer(const std::vector<NamedParameter>& parameters) {
  return std::make_unique<Optimizer>(parameters, options);
}

/// v ← μ v + g + λ w, w ← w − η v; with Nesterov's momentum w ← w − η (g + λ w + μ v).
inline auto descent(double rate, double momentum = 0, double decay = 0, bool nesterov = false) {
  return [=](Numbers w, const std::function<Numbers(const Numbers&)>& gradient, int steps) {
    Numbers v(w.size(), 0.0);
    for (int t = 0; t < steps; ++t) {
      const Numbers g = gradient(w);
      for (std::size_t i = 0; i < w.size(); ++i) {
        const double slope = g[i] + decay * w[i];
        v[i] = momentum * v[i] + slope;
        w[i] -= rate * (nesterov ? slope + momentum * v[i] : v[i]);
      }
    }
    return w;
  };
}

/// Kingma and Ba, algorithm 1, with β₁ = 0.9, β₂ = 0.999, ε = 1e-8; λ w is added to the gradient.
inline auto adaptive_moments(double rate, double decay = 0) {
  return [=](Numbers w, const std::function<Numbers(const Numbers&)>& gradient, int steps) {
    Numbers m(w.size(), 0.0);
    Numbers v(w.size(), 0.0);
    for (int t = 1; t <= steps; ++t) {
      const Numbers g = gradient(w);
      for (std::size_t i = 0; i < w.size(); ++i) {
        const double slope = g[i] + decay * w[i];
        m[i] = 0.9 * m[i] + 0.1 * slope;
        v[i] = 0.999 * v[i] + 0.001 * slope * slope;
        w[i] -= rate * m[i] / (1 - std::pow(0.9, t)) / (std::sqrt(v[i] / (1 - std::pow(0.999, t))) + 1e-8);
      }
    }
    return w;
  };
}

inline const std::vector<OptimizerCase>& all_optimizers() {
  using optim::Adam;
  using optim::AdamOptions;
  using optim::SGD;
  using optim::SGDOptions;
  static const std::vector<OptimizerCase> all{
      {"sgd", make_optimizer<SGD, SGDOptions{.learning_rate = 0.1}>, descent(0.1)},
      {"sgd with decay", make_optimizer<SGD, SGDOptions{.learning_rate = 0.1, .weight_decay = 0.01}>,
       descent(0.1, 0, 0.01)},
      {"momentum", make_optimizer<SGD, SGDOptions{.learning_rate = 0.1, .momentum = 0.9}>, descent(0.1, 0.9)},
      {"Nesterov's momentum", make_optimizer<SGD, SGDOptions{.learning_rate = 0.1, .momentum = 0.5, .nesterov = true}>,
       descent(0.1, 0.5, 0, true)},
      {"adam", make_optimizer<Adam, AdamOptions{.learning_rate = 0.01}>, adaptive_moments(0.01)},
      {"adam with decay", make_optimizer<Adam, AdamOptions{.learning_rate = 0.01, .weight_decay = 0.1}>,
       adaptive_moments(0.01, 0.1)},
  };
  return all;
}

}  // namespace xgrad::test
