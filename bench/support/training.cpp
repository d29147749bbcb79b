#include "training.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <random>

namespace bench::training {

Array uniform(std::vector<std::int64_t> shape, double bound, std::uint32_t seed, double middle) {
  std::mt19937 random{seed};
  std::uniform_real_distribution<double> distribution{middle - bound, middle + bound};
  const std::int64_t size = std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>{});
  Floats values(static_cast<std::size_t>(size));
  std::generate(values.begin(), values.end(), [&] { return static_cast<float>(distribution(random)); });
  return {std::move(shape), std::move(values)};
}

std::vector<std::int64_t> indices(std::size_t count, std::int64_t end, std::uint32_t seed) {
  std::mt19937 random{seed};
  std::uniform_int_distribution<std::int64_t> distribution{0, end - 1};
  std::vector<std::int64_t> result(count);
  std::generate(result.begin(), result.end(), [&] { return distribution(random); });
  return result;
}

Doubles doubles(const Floats& values) {
  return {values.begin(), values.end()};
}

std::vector<Floats> gradients_of_step(const std::vector<Array>& before, const std::vector<Floats>& after, double rate) {
  std::vector<Floats> result;
  for (std::size_t i = 0; i < before.size(); ++i) {
    Floats gradient(after.at(i).size());
    for (std::size_t k = 0; k < gradient.size(); ++k) {
      gradient[k] = (before[i].values.at(k) - after[i][k]) / static_cast<float>(rate);
    }
    result.push_back(std::move(gradient));
  }
  return result;
}

Expected::Expected(const Workload& workload, const Loss& loss) {
  std::vector<Doubles> parameters;
  for (const Array& parameter : workload.parameters) {
    parameters.push_back(doubles(parameter.values));
  }
  loss_ = loss(parameters);
  std::mt19937 random{17};
  const double step = 1e-6;
  for (Doubles& parameter : parameters) {
    std::vector<signed char> direction(parameter.size());
    std::generate(direction.begin(), direction.end(), [&] { return (random() & 1U) != 0 ? 1 : -1; });
    const Doubles before = parameter;
    const auto moved = [&](double by) {
      for (std::size_t k = 0; k < parameter.size(); ++k) {
        parameter[k] = before[k] + by * direction[k];
      }
      return loss(parameters);
    };
    const double above = moved(step);
    derivatives_.push_back((above - moved(-step)) / (2 * step));
    parameter = before;
    directions_.push_back(std::move(direction));
  }
}

std::string Expected::check(const Contender& contender) const {
  if (!(std::abs(contender.loss() - loss_) < 1e-4 * std::abs(loss_))) {
    return "the loss is wrong: " + std::to_string(contender.loss()) + " for " + std::to_string(loss_);
  }
  const std::vector<Floats> gradients = contender.gradients();
  if (gradients.size() != derivatives_.size()) {
    return "gradients are missing";
  }
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    double found = 0;
    double squares = 0;
    for (std::size_t k = 0; k < directions_[i].size(); ++k) {
      const auto gradient = static_cast<double>(gradients[i].at(k));
      found += gradient * directions_[i][k];
      squares += gradient * gradient;
    }
    // The length of the gradient is what its sum with random signs is like.
    if (!(std::abs(found - derivatives_[i]) <= 2e-3 * std::sqrt(squares)) || squares == 0) {
      return "the gradient by parameter " + std::to_string(i) + " is wrong: " + std::to_string(found) + " for " +
             std::to_string(derivatives_[i]);
    }
  }
  return "";
}

}  // namespace bench::training
