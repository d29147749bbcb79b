#include "check/differences/perturbation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <fmt/format.h>
#include <iterator>
#include <limits>
#include <type_traits>
#include <utility>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"

#include "check/entries/entries.hpp"

namespace xgrad::check {
namespace {

double epsilon_of(DType dtype) {
  return dtype == float64 ? std::numeric_limits<double>::epsilon()
                          : static_cast<double>(std::numeric_limits<float>::epsilon());
}

}  // namespace

Perturbation::Perturbation(const LossFunction& loss, std::vector<Parameter> parameters) : loss_function_{loss} {
  parts_.reserve(parameters.size());
  for (Parameter& parameter : parameters) {
    const Tensor original = parameter.value();
    const std::vector<double> values = as_doubles(original);
    parts_.push_back({std::move(parameter), original, values_.size(), values.size()});
    values_.insert(values_.end(), values.begin(), values.end());
    epsilon_ = std::max(epsilon_, epsilon_of(original.dtype()));
  }
  loss_here_ = evaluate();
  if (!std::isfinite(loss_here_)) {
    throw ValueError(
        fmt::format("[numeric_gradient] the loss is {} at the current values, expected a finite number", loss_here_));
  }
}

Perturbation::~Perturbation() {
  for (Part& part : parts_) {
    if (part.parameter.value().node() != part.original.node()) {
      part.parameter.restore(part.original);
    }
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

template <class Displaced>
double Perturbation::set(const Part& part, const Displaced& displaced, std::size_t told) const {
  const auto set_as = [&]<class T>(std::type_identity<T>) {
    std::vector<T> working(part.size);
    for (std::size_t i = 0; i < part.size; ++i) {
      working[i] = static_cast<T>(displaced(part.first + i));
    }
    part.parameter.set(from_data(std::span<const T>{working}, part.original.shape()));
    return told < part.size ? static_cast<double>(working[told]) : 0;
  };
  return part.original.dtype() == float64 ? set_as(std::type_identity<double>{}) : set_as(std::type_identity<float>{});
}

Perturbation::Sample Perturbation::at_entry(std::int64_t index, double t) {
  const auto i = static_cast<std::size_t>(index);
  const auto after = std::upper_bound(parts_.begin(), parts_.end(), i,
                                      [](std::size_t at, const Part& part) { return at < part.first; });
  const Part& part = *std::prev(after);
  const double value = set(
      part, [&](std::size_t j) { return j == i ? values_[j] + t : values_[j]; }, i - part.first);
  const Sample sample{.displacement = value - values_[i], .loss = evaluate()};
  if (parts_.size() > 1) {
    part.parameter.restore(part.original);
  }
  return sample;
}

Perturbation::Sample Perturbation::along(std::span<const double> direction, double t) {
  for (const Part& part : parts_) {
    set(
        part, [&](std::size_t j) { return values_[j] + t * direction[j]; }, part.size);
  }
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
