#pragma once

#include <optional>
#include <span>

#include "xgrad/check.hpp"

#include "check/differences/perturbation.hpp"

namespace xgrad::check {

/// What a derivative is at points around one where it jumps.
struct NearbyDerivatives {
  double least = 0;
  double most = 0;

  /// Whether a value is among them, give or take a share of their spread.
  [[nodiscard]] bool include(double value, double share) const noexcept {
    const double slack = share * (most - least);
    return value >= least - slack && value <= most + slack;
  }
};

/// The derivative at an entry, or along a direction (a unit vector; empty for an entry), at random points close by; if
/// it jumps there by an eighth of `deviation` at least, and by more than rounding does, else nothing. `rounding` is how
/// far off the loss may be by rounding that its noise doesn't show. Where several kinks meet, as those of overlapping
/// windows do at a tie, the derivatives from the left and right may be equal, and neither be that of any point beside.
[[nodiscard]] std::optional<NearbyDerivatives> nearby_derivatives(Perturbation& perturbation, std::int64_t index,
                                                                  std::span<const double> direction, double deviation,
                                                                  double rounding = 0);

}  // namespace xgrad::check
