#include "check/differences/numeric_gradient.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <functional>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

#include "xgrad/check.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/random.hpp"

#include "check/differences/differentiation.hpp"
#include "check/differences/guarded_loss.hpp"
#include "check/differences/perturbation.hpp"
#include "check/entries/entries.hpp"

namespace xgrad::check {
namespace {

constexpr double default_step = 0.25;

void require_valid(const NumericOptions& options) {
  if (!std::isfinite(options.step) || options.step < 0) {
    throw ValueError(
        fmt::format("[numeric_gradient] step is {}, expected a positive number, or 0 for the default", options.step));
  }
  if (options.max_entries < 0 || options.directions < 0) {
    throw ValueError(fmt::format("[numeric_gradient] max_entries is {} and directions {}, expected neither negative",
                                 options.max_entries, options.directions));
  }
}

double step_of(const NumericOptions& options) {
  return options.step > 0 ? options.step : default_step;
}

NumericEntry differentiate_entry(Perturbation& perturbation, std::int64_t index, double noise,
                                 const NumericOptions& options) {
  const double x = perturbation.values()[static_cast<std::size_t>(index)];
  const double step = step_of(options) * std::max(1.0, std::abs(x));
  const LossAlongLine line = [&](double t) { return perturbation.at_entry(index, t); };
  NumericEntry entry = Differentiation{line, perturbation.loss(), noise, perturbation.epsilon()}.run(step);
  entry.index = index;
  return entry;
}

/// A random unit vector as the parameter's dtype holds it.
Tensor unit_vector(const Shape& shape, DType dtype, Random& random) {
  std::vector<double> values = random.normal(shape, 0, 1, float64).to_vector<double>();
  const double norm = std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0.0));
  std::transform(values.begin(), values.end(), values.begin(), [norm](double v) { return v / norm; });
  if (dtype == float64) {
    return from_vector(values, shape);
  }
  return from_vector(std::vector<float>(values.begin(), values.end()), shape);
}

/// `count` distinct numbers below `bound`, ascending; any such set is equally likely (R. W. Floyd, "A sample of
/// brilliance", CACM 30, 1987).
std::vector<std::int64_t> sample_indices(std::int64_t bound, std::int64_t count, Random& random) {
  std::set<std::int64_t> chosen;
  for (std::int64_t last = bound - count; last < bound; ++last) {
    const auto drawn = static_cast<std::int64_t>(random.integer(static_cast<std::uint64_t>(last) + 1));
    if (!chosen.insert(drawn).second) {
      chosen.insert(last);
    }
  }
  return {chosen.begin(), chosen.end()};
}

}  // namespace

NumericEntry differentiate_direction(Perturbation& perturbation, std::span<const double> direction, double noise,
                                     const NumericOptions& options) {
  const std::span<const double> x = perturbation.values();
  const double mean_square = std::inner_product(x.begin(), x.end(), x.begin(), 0.0) / static_cast<double>(x.size());
  const double step = step_of(options) * std::max(1.0, std::sqrt(mean_square));
  const LossAlongLine line = [&](double t) { return perturbation.along(direction, t); };
  NumericEntry entry = Differentiation{line, perturbation.loss(), noise, perturbation.epsilon()}.run(step);
  entry.index = -1;
  return entry;
}

std::vector<NumericEntry> numeric_entries(const LossFunction& loss, const Parameter& parameter,
                                          std::span<const std::int64_t> indices, const NumericOptions& options,
                                          std::optional<double> noise) {
  require_valid(options);
  Perturbation perturbation{loss, parameter};
  const double known_noise = noise ? *noise : perturbation.noise();
  std::vector<NumericEntry> entries;
  for (const std::int64_t index : indices) {
    entries.push_back(differentiate_entry(perturbation, index, known_noise, options));
  }
  return entries;
}

NumericGradient numeric_gradient(const LossFunction& loss_function, const Parameter& parameter,
                                 const NumericOptions& options) {
  require_valid(options);
  const GuardedLoss guard{loss_function};
  const LossFunction& loss = guard.function();
  NumericGradient result;
  result.name = parameter.name();
  const std::int64_t size = parameter.shape().size();
  result.exhaustive = size <= options.max_entries;
  Random random{options.seed};
  std::vector<std::int64_t> indices;
  if (result.exhaustive) {
    indices.resize(static_cast<std::size_t>(size));
    std::iota(indices.begin(), indices.end(), std::int64_t{0});
  } else {
    indices = sample_indices(size, options.max_entries, random);
    for (std::int64_t i = 0; i < options.directions; ++i) {
      result.direction_vectors.push_back(unit_vector(parameter.shape(), parameter.dtype(), random));
    }
  }

  Perturbation perturbation{loss, parameter};
  const double noise = perturbation.noise();
  for (const std::int64_t index : indices) {
    result.entries.push_back(differentiate_entry(perturbation, index, noise, options));
  }
  for (const Tensor& direction : result.direction_vectors) {
    result.directions.push_back(differentiate_direction(perturbation, as_doubles(direction), noise, options));
  }
  return result;
}

std::vector<NumericGradient> numeric_gradient(const LossFunction& loss, const std::vector<NamedParameter>& parameters,
                                              const NumericOptions& options) {
  std::vector<NumericGradient> result;
  for (const NamedParameter& named : parameters) {
    result.push_back(numeric_gradient(loss, named.parameter, options));
    result.back().name = named.name;
  }
  return result;
}

}  // namespace xgrad::check
