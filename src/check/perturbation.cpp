#include "check/perturbation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <fmt/format.h>
#include <limits>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"

namespace xgrad::check {
namespace {

double epsilon_of(DType dtype) {
  return dtype == float64 ? std::numeric_limits<double>::epsilon()
                          : static_cast<double>(std::numeric_limits<float>::epsilon());
}

}  // namespace

Perturbation::Perturbation(const LossFunction& loss, const Parameter& parameter)
    : loss_function_{loss}, parameter_{parameter}, original_{parameter.value()} {
  if (original_.dtype() == float64) {
    working_ = original_.to_vector<double>();
  } else {
    working_ = original_.to_vector<float>();
  }
  std::visit([&](const auto& working) { values_.assign(working.begin(), working.end()); }, working_);
  epsilon_ = epsilon_of(original_.dtype());
  loss_here_ = evaluate();
  if (!std::isfinite(loss_here_)) {
    throw ValueError(
        fmt::format("[numeric_gradient] the loss is {} at the current values, expected a finite number", loss_here_));
  }
}

Perturbation::~Perturbation() {
  if (parameter_.value().node() != original_.node()) {
    parameter_.restore(original_);
  }
}

double Perturbation::evaluate() {
  const Tensor loss = loss_function_();
  if (loss.rank() != 0) {
    throw ShapeError(
        fmt::format("[numeric_gradient] the loss has shape {}, expected a scalar ()", to_string(loss.shape())));
  }
  if (!is_floating(loss.dtype())) {
    throw DTypeError(
        fmt::format("[numeric_gradient] the loss is {}, expected float32 or float64", to_string(loss.dtype())));
  }
  epsilon_ = std::max(epsilon_, epsilon_of(loss.dtype()));
  return loss.item();
}

void Perturbation::apply() {
  std::visit(
      [&](const auto& working) {
        using T = typename std::decay_t<decltype(working)>::value_type;
        parameter_.set(from_data(std::span<const T>{working}, original_.shape()));
      },
      working_);
}

Perturbation::Sample Perturbation::at_entry(std::int64_t index, double t) {
  const auto i = static_cast<std::size_t>(index);
  Sample sample;
  const auto move_by = [&](double displacement) {
    std::visit(
        [&](auto& working) {
          using T = typename std::decay_t<decltype(working)>::value_type;
          working[i] = static_cast<T>(values_[i] + displacement);
          sample.displacement = static_cast<double>(working[i]) - values_[i];
        },
        working_);
  };
  move_by(t);
  apply();
  const double displacement = sample.displacement;
  move_by(0);
  sample.displacement = displacement;
  sample.loss = evaluate();
  return sample;
}

Perturbation::Sample Perturbation::along(std::span<const double> direction, double t) {
  std::visit(
      [&](auto& working) {
        using T = typename std::decay_t<decltype(working)>::value_type;
        for (std::size_t i = 0; i < working.size(); ++i) {
          working[i] = static_cast<T>(values_[i] + t * direction[i]);
        }
      },
      working_);
  apply();
  std::visit(
      [&](auto& working) {
        using T = typename std::decay_t<decltype(working)>::value_type;
        std::transform(values_.begin(), values_.end(), working.begin(), [](double x) { return static_cast<T>(x); });
      },
      working_);
  return {.displacement = t, .loss = evaluate()};
}

double Perturbation::noise() {
  constexpr std::size_t samples = 9;
  constexpr std::size_t first_order = 4;
  constexpr std::size_t last_order = 6;
  constexpr double smallest_scale = 1e-3;
  std::vector<double> direction(values_.size());
  for (std::size_t i = 0; i < direction.size(); ++i) {
    const double sign = (i * 7 + i / 3) % 2 == 0 ? 1 : -1;
    direction[i] = sign * 8 * epsilon_ * std::max(std::abs(values_[i]), smallest_scale);
  }
  std::array<double, samples> differences{};
  for (std::size_t k = 0; k < samples; ++k) {
    differences[k] = along(direction, static_cast<double>(k)).loss;
    if (!std::isfinite(differences[k])) {
      return 0;
    }
  }
  // The k-th difference of independent noise of variance σ² has variance σ² (2k)! / (k!)², and that of a smooth
  // function vanishes.
  double factor = 1;
  double variance = std::numeric_limits<double>::infinity();
  for (std::size_t order = 1; order <= last_order; ++order) {
    double sum = 0;
    for (std::size_t i = 0; i + order < samples; ++i) {
      differences[i] = differences[i + 1] - differences[i];
      sum += differences[i] * differences[i];
    }
    factor *= 2 * (2 * static_cast<double>(order) - 1) / static_cast<double>(order);
    if (order >= first_order) {
      variance = std::min(variance, sum / static_cast<double>(samples - order) / factor);
    }
  }
  return 3 * std::sqrt(variance);
}

}  // namespace xgrad::check
