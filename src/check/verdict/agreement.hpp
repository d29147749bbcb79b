#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "xgrad/check.hpp"

#include "check/differences/nearby.hpp"
#include "check/entries/entries.hpp"

/// The two comparisons of one parameter's gradients, as numbers alone.
namespace xgrad::check {

/// The deviations at which gradients of a dtype agree. docs/check.md gives the reasons.
struct Tolerance {
  double epsilon = 0;     ///< the machine epsilon
  double relative = 0;    ///< manual against automatic: allowed of an entry, and of the norm
  double resolution = 0;  ///< the error of differences, as a share of the gradient's norm, that still tells something

  /// Roundings of the sums that a small entry inherits from large ones, in units of epsilon times the norm.
  static constexpr double floor_factor = 16;
  /// A deviation from differences counts when it is more than this many estimated errors.
  static constexpr double error_factor = 10;
  /// A deviation from the automatic gradient is rounding up to this many of the errors that rounding was seen to make.
  static constexpr double rounding_factor = 2;
};
[[nodiscard]] Tolerance tolerance_of(DType dtype) noexcept;

/// Whether the one-sided derivatives differ for certain, and by more than this share of them.
[[nodiscard]] bool has_kink(const NumericEntry& entry, double share) noexcept;
/// Whether `value` is one of the derivatives between the one-sided ones at a kink.
[[nodiscard]] bool within_kink(double value, const NumericEntry& entry) noexcept;

/// A comparison, the entry that decided it, and the entries to look at more closely.
struct Agreement {
  Comparison comparison;
  std::int64_t worst = -1;             ///< the flat index that decided, or −1
  std::vector<std::int64_t> suspects;  ///< entries beyond rounding, the worst first (manual against automatic only)
};

/// How manual and automatic differ at an entry that is wrong, or inconclusive because `covered_by` is larger, in words.
[[nodiscard]] std::string difference_reason(Verdict verdict, double manual, double automatic,
                                            std::span<const std::int64_t> index, std::string_view covered_by = {});

/// The effect of rounding on a gradient. Vectors are empty where it wasn't worked out.
struct Rounding {
  std::vector<double> exact;   ///< the automatic gradient in float64, at the same values
  std::vector<double> errors;  ///< how far rounding was seen to move it
  std::string unknown;         ///< why it couldn't be worked out, though it had to be; else empty
};

[[nodiscard]] Agreement compare_manual(std::span<const double> manual, std::span<const double> automatic,
                                       const Shape& shape, const Tolerance& tolerance, double loss,
                                       const Rounding& rounding);

/// What a second look at a deviation of `automatic` from an entry, or from direction number `direction` if not
/// negative, found.
struct SecondLook {
  bool persists = false;
  /// Where the derivative jumps there. What the chain rule gives then needn't be among those nearby: relu(x) −
  /// relu(−2x) has 0 at 0, and 1 or 2 beside.
  std::optional<NearbyDerivatives> jump = std::nullopt;
};
using LookAgain = std::function<SecondLook(const NumericEntry& entry, std::int64_t direction, double automatic)>;

/// `along` holds automatic · direction, for each of the numerical directions.
[[nodiscard]] Agreement compare_numerical(std::span<const double> automatic, std::span<const double> along,
                                          const NumericGradient& numerical, const Shape& shape,
                                          const Tolerance& tolerance, double loss, const LookAgain& look_again);

}  // namespace xgrad::check
