#include <algorithm>
#include <cmath>

#include "check/differences/numeric_gradient.hpp"

namespace xgrad::check {

bool deviation_persists(const LossFunction& loss, const Parameter& parameter, const NumericEntry& entry,
                        std::span<const double> direction, double automatic) {
  Perturbation perturbation{loss, parameter};
  return deviation_persists(perturbation, entry, direction, automatic);
}

bool deviation_persists(Perturbation& perturbation, const NumericEntry& entry, std::span<const double> direction,
                        double automatic) {
  const double here = perturbation.loss();
  const double deviation = std::abs(automatic - entry.value);
  const double noise = std::max(perturbation.noise(), perturbation.epsilon() * std::abs(here));
  const auto displaced = [&](double t) {
    return direction.empty() ? perturbation.at_entry(entry.index, t) : perturbation.along(direction, t);
  };
  // In units in the last place the displacement must be more than rounding. That of one entry is known exactly, and a
  // single unit will do.
  constexpr double fewest_units = 1e3;
  double smallest = 0;
  if (direction.empty()) {
    const double value = perturbation.values()[static_cast<std::size_t>(entry.index)];
    smallest = perturbation.epsilon() * std::abs(value);
  } else {
    double largest = 1;
    for (const double value : perturbation.values()) {
      largest = std::max(largest, std::abs(value));
    }
    smallest = fewest_units * perturbation.epsilon() * largest;
  }
  const double step = std::min(entry.step, std::max(smallest, 4 * noise / deviation));
  const Perturbation::Sample plus = displaced(step);
  const Perturbation::Sample minus = displaced(-step);
  if (plus.displacement <= 0 || minus.displacement >= 0) {
    return true;
  }
  const double central = (plus.loss - minus.loss) / (plus.displacement - minus.displacement);
  const double right = (plus.loss - here) / plus.displacement;
  const double left = (minus.loss - here) / minus.displacement;
  if (std::abs(automatic - central) <= deviation / 2) {
    return false;
  }
  const bool bent = std::abs(right - left) >= deviation / 2;
  const bool between =
      automatic >= std::min(left, right) - deviation / 4 && automatic <= std::max(left, right) + deviation / 4;
  return !(bent && between);
}

}  // namespace xgrad::check
