#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "xgrad/check.hpp"

#include "check/differences/perturbation.hpp"

namespace xgrad::check {

/// The differences at given entries (flat indices) only. `noise` is the loss's, if it is known; see
/// Perturbation::noise(), which takes nine evaluations.
[[nodiscard]] std::vector<NumericEntry> numeric_entries(const LossFunction& loss, const Parameter& parameter,
                                                        std::span<const std::int64_t> indices,
                                                        const NumericOptions& options,
                                                        std::optional<double> noise = std::nullopt);

/// The derivative along a unit vector.
[[nodiscard]] NumericEntry differentiate_direction(Perturbation& perturbation, std::span<const double> direction,
                                                   double noise, const NumericOptions& options);

/// A second look at `automatic` where an entry, or a direction (a unit vector; empty for an entry), differs from it.
/// The difference is taken again at the smallest step whose rounding still leaves a quarter of the deviation. False if
/// it sides with `automatic` there, or if the loss is so bent that the one-sided differences have `automatic` between
/// them: then a kink beside the point, or chance, misled the extrapolation.
[[nodiscard]] bool deviation_persists(const LossFunction& loss, const Parameter& parameter, const NumericEntry& entry,
                                      std::span<const double> direction, double automatic);
[[nodiscard]] bool deviation_persists(Perturbation& perturbation, const NumericEntry& entry,
                                      std::span<const double> direction, double automatic);

}  // namespace xgrad::check
