#include <cmath>
#include <random>

#include "workload.hpp"

namespace bench::optimizer {

Workload make_workload(std::int64_t count) {
  std::mt19937 random{7};
  std::uniform_real_distribution<float> range{-2.0F, 2.0F};
  Workload workload{Floats(static_cast<std::size_t>(count)), Floats(static_cast<std::size_t>(count))};
  for (std::size_t i = 0; i < workload.w.size(); ++i) {
    workload.w[i] = range(random);
    workload.t[i] = range(random);
  }
  return workload;
}

std::string check(const Workload& workload, Contender& contender) {
  constexpr int steps = 3;
  double loss = 0;
  double found_loss = 0;
  for (int step = 0; step < steps; ++step) {
    found_loss = static_cast<double>(contender.step());
  }
  const Floats found = contender.weights();
  for (std::size_t i = 0; i < found.size(); ++i) {
    auto w = static_cast<double>(workload.w[i]);
    const auto t = static_cast<double>(workload.t[i]);
    double m = 0;
    double v = 0;
    for (int step = 1; step <= steps; ++step) {
      const double g = w - t;
      loss += step == steps ? 0.5 * g * g : 0;
      m = beta1 * m + (1 - beta1) * g;
      v = beta2 * v + (1 - beta2) * g * g;
      w -= learning_rate * (m / (1 - std::pow(beta1, step))) / (std::sqrt(v / (1 - std::pow(beta2, step))) + epsilon);
    }
    if (!(std::abs(static_cast<double>(found[i]) - w) < 1e-5)) {
      return "a weight is wrong after three steps";
    }
  }
  return std::abs(found_loss - loss) < 1e-4 * loss ? "" : "the loss is wrong";
}

}  // namespace bench::optimizer
