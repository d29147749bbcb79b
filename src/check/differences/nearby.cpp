#include "check/differences/nearby.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include "xgrad/random.hpp"

namespace xgrad::check {

namespace {

constexpr std::int64_t points = 72;
constexpr double radius_of_step = 32;  ///< how far points lie, in steps of the difference there
constexpr double widening = 8;         ///< from the smaller radius to the larger
constexpr double most_radius = 0.25;

/// At random points of about this distance. An entry's neighbours come to lie on either side of it, now few of them on
/// one side and now many: ties in windows are then broken in its favour in some and not in others.
std::optional<NearbyDerivatives> at_distance(Perturbation& perturbation, std::int64_t index,
                                             std::span<const double> direction, double radius, double step) {
  constexpr std::array shares_above{0.06, 0.12, 0.25, 0.5, 0.75, 0.9};
  const std::size_t size = perturbation.values().size();
  // All at once: an evaluation of the loss puts States back, those of generators too.
  Random random{0};
  const std::vector<double> drawn =
      random.uniform({points, 2, static_cast<std::int64_t>(size)}, 0, 1, float64).to_vector<double>();
  std::vector<double> moved(size);
  const auto loss_at = [&](double t) {
    std::vector<double> displaced = moved;
    if (direction.empty()) {
      displaced[static_cast<std::size_t>(index)] += t;
    } else {
      std::transform(displaced.begin(), displaced.end(), direction.begin(), displaced.begin(),
                     [t](double v, double d) { return v + t * d; });
    }
    return perturbation.along(displaced, 1).loss;
  };
  std::optional<NearbyDerivatives> result;
  for (std::size_t k = 0; k < static_cast<std::size_t>(points); ++k) {
    const double above = shares_above[k % shares_above.size()];
    const double* sides = drawn.data() + 2 * k * size;
    const double* lengths = sides + size;
    for (std::size_t j = 0; j < size; ++j) {
      moved[j] = (sides[j] < above ? radius : -radius) * (0.5 + lengths[j]);
    }
    if (direction.empty()) {
      moved[static_cast<std::size_t>(index)] *= 0.25;
    }
    const double slope = (loss_at(step) - loss_at(-step)) / (2 * step);
    if (!std::isfinite(slope)) {
      return std::nullopt;
    }
    if (!result) {
      result = NearbyDerivatives{slope, slope};
    }
    result->least = std::min(result->least, slope);
    result->most = std::max(result->most, slope);
  }
  return result;
}

}  // namespace

std::optional<NearbyDerivatives> nearby_derivatives(Perturbation& perturbation, std::int64_t index,
                                                    std::span<const double> direction, double deviation,
                                                    double rounding) {
  constexpr double epsilon_power = 0.6;  // a step of many units in the last place, and yet short
  constexpr double noise_share = 32;
  constexpr double least_spread = 0.125;  // as a share of the deviation
  constexpr double certainty = 8;         // of a spread, in units of what rounding makes of a slope
  const double epsilon = perturbation.epsilon();
  double largest = 1;
  for (const double value : perturbation.values()) {
    largest = std::max(largest, std::abs(value));
  }
  const double noise = std::max({perturbation.noise(), epsilon * std::abs(perturbation.loss()), rounding});
  const double step = std::max(std::pow(epsilon, epsilon_power) * largest, noise_share * noise / deviation);
  const double near = radius_of_step * step;
  if (!(widening * near <= most_radius * largest)) {
    return std::nullopt;
  }
  const auto inner = at_distance(perturbation, index, direction, near, step);
  if (!inner) {
    return std::nullopt;
  }
  const double steepest = std::max(std::abs(inner->least), std::abs(inner->most));
  const double slope_noise = (noise + epsilon * largest * steepest) / step;
  const double spread = inner->most - inner->least;
  if (spread < std::max(least_spread * deviation, certainty * slope_noise)) {
    return std::nullopt;
  }
  // What is merely bent has less and less of a spread, the closer the points are; a jump stays.
  const auto outer = at_distance(perturbation, index, direction, widening * near, step);
  if (!outer || spread < (outer->most - outer->least) / 2) {
    return std::nullopt;
  }
  return NearbyDerivatives{std::min(inner->least, outer->least), std::max(inner->most, outer->most)};
}

}  // namespace xgrad::check
