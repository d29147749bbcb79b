#include "check/joint_differences.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numeric>
#include <unordered_set>
#include <utility>

#include "xgrad/random.hpp"

#include "check/differences/numeric_gradient.hpp"
#include "graph/node.hpp"

namespace xgrad::check {

namespace {

// Evaluations for one derivative at a smooth point, and for the noise of a loss.
constexpr double evaluations_per_derivative = 20;
constexpr double evaluations_for_noise = 11;

// Indices of the parameters whose cell no earlier one shares.
std::vector<std::size_t> distinct(const std::vector<NamedParameter>& parameters) {
  std::unordered_set<const graph::Node*> met;
  std::vector<std::size_t> which;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (met.insert(parameters[i].parameter.value().node()).second) {
      which.push_back(i);
    }
  }
  return which;
}

std::vector<Parameter> cells_of(const std::vector<NamedParameter>& parameters, const std::vector<std::size_t>& which) {
  std::vector<Parameter> cells;
  cells.reserve(which.size());
  for (const std::size_t i : which) {
    cells.push_back(parameters[i].parameter);
  }
  return cells;
}

Tolerance coarsest(const std::vector<NamedParameter>& parameters) {
  const bool single = std::any_of(parameters.begin(), parameters.end(),
                                  [](const NamedParameter& each) { return each.parameter.dtype() == float32; });
  return tolerance_of(single ? float32 : float64);
}

void scale_to_unit(std::vector<double>& direction) {
  const double size = norm(direction);
  std::transform(direction.begin(), direction.end(), direction.begin(), [size](double v) { return v / size; });
}

}  // namespace

double JointDifferences::operations_one_by_one(const std::vector<NamedParameter>& parameters, double operations,
                                               const NumericOptions& options) {
  double evaluations = 0;
  for (const NamedParameter& each : parameters) {
    const std::int64_t size = each.parameter.shape().size();
    const std::int64_t derivatives = size <= options.max_entries ? size : options.max_entries + options.directions;
    evaluations += evaluations_for_noise + evaluations_per_derivative * static_cast<double>(derivatives);
  }
  return evaluations * operations;
}

JointDifferences::JointDifferences(const LossFunction& loss_function, const std::vector<NamedParameter>& parameters,
                                   const std::vector<std::vector<double>>& automatic, double loss, double operations,
                                   const NumericOptions& options)
    : options_{options},
      loss_{loss},
      tolerance_{coarsest(parameters)},
      which_{distinct(parameters)},
      perturbation_{std::make_unique<Perturbation>(loss_function, cells_of(parameters, which_))},
      noise_{perturbation_->noise()} {
  for (const std::size_t i : which_) {
    first_.push_back(gradient_.size());
    gradient_.insert(gradient_.end(), automatic[i].begin(), automatic[i].end());
  }
  first_.push_back(gradient_.size());
  constexpr double share = 0.25;  // of the budget
  const double affordable = share * static_cast<double>(options.max_operations) / operations;
  const double most = (affordable - evaluations_for_noise) / evaluations_per_derivative;
  const auto count =
      static_cast<std::size_t>(std::clamp(most, 2.0, std::max(2.0, static_cast<double>(options.directions))));
  Random random{options.seed};
  std::vector<std::vector<double>> directions;
  for (std::size_t i = 0; i < count; ++i) {
    directions.push_back(
        random.normal({static_cast<std::int64_t>(gradient_.size())}, 0, 1, float64).to_vector<double>());
    scale_to_unit(directions.back());
  }
  agreement_ = compare(directions, {0, gradient_.size()});
  const auto decisive = static_cast<std::size_t>(std::max<std::int64_t>(agreement_.comparison.direction, 0));
  automatic_ = along_[decisive];
  numerical_ = differences_.directions[decisive];
  text_ = fmt::format(
      "along {} random directions of all {} parameters at once, as those of each would take about {:.1g} operations",
      count, parameters.size(), operations_one_by_one(parameters, operations, options));
  if (agreement_.comparison.verdict == Verdict::wrong) {
    blame(std::move(directions[decisive]));
  }
  perturbation_.reset();
}

// The gradient is taken for zero outside of these entries, as the directions are.
Agreement JointDifferences::compare(const std::vector<std::vector<double>>& directions, Range entries) {
  differences_ = {};
  along_.clear();
  for (const std::vector<double>& direction : directions) {
    differences_.directions.push_back(differentiate_direction(*perturbation_, direction, noise_, options_));
    along_.push_back(std::inner_product(gradient_.begin(), gradient_.end(), direction.begin(), 0.0));
  }
  const std::span<const double> gradient = std::span{gradient_}.subspan(entries.begin, entries.end - entries.begin);
  const LookAgain look_again = [&](const NumericEntry& entry, std::int64_t direction, double automatic) {
    const std::vector<double>& vector = directions[static_cast<std::size_t>(direction)];
    if (!deviation_persists(*perturbation_, entry, vector, automatic)) {
      return SecondLook{};
    }
    const auto jump = nearby_derivatives(*perturbation_, entry.index, vector, std::abs(automatic - entry.value));
    return SecondLook{.persists = !jump, .jump = jump};
  };
  return compare_numerical(gradient, along_, differences_, Shape{static_cast<std::int64_t>(gradient.size())},
                           tolerance_, loss_, look_again);
}

void JointDifferences::blame(std::vector<double> direction) {
  Range parts{0, which_.size()};
  while (parts.end - parts.begin > 1) {
    const std::size_t middle = (parts.begin + parts.end) / 2;
    const Range entries{first_[parts.begin], first_[middle]};
    std::vector<double> half(direction.size(), 0.0);
    std::copy(direction.begin() + static_cast<std::ptrdiff_t>(entries.begin),
              direction.begin() + static_cast<std::ptrdiff_t>(entries.end),
              half.begin() + static_cast<std::ptrdiff_t>(entries.begin));
    scale_to_unit(half);
    (compare({half}, entries).comparison.verdict == Verdict::wrong ? parts.end : parts.begin) = middle;
  }
  blamed_ = which_[parts.begin];
}

}  // namespace xgrad::check
