#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <utility>

#include "check/agreement.hpp"

// Two exact formulas for the same gradient differ by rounding only. An entry agrees if
//   |m − a| ≤ relative · max(|m|, |a|) + 16 ε ‖a‖,
// the second term being what large entries' roundings leave on small ones. The norm agrees if
//   ‖m − a‖ ≤ relative · max(‖m‖, ‖a‖).
// A deviation of no more than 16 ε |loss| is under the rounding of the loss itself: it shows nothing, neither way.
namespace xgrad::check {
namespace {

struct Deviation {
  Verdict verdict = Verdict::right;
  double excess = 0;  ///< in units of what is allowed
};

Deviation deviation(double manual, double automatic, double floor, double loss_floor, double relative) {
  if (!std::isfinite(manual) || !std::isfinite(automatic)) {
    const bool both = !std::isfinite(manual) && !std::isfinite(automatic);
    return {.verdict = both ? Verdict::inconclusive : Verdict::wrong,
            .excess = std::numeric_limits<double>::infinity()};
  }
  const double difference = std::abs(manual - automatic);
  const double allowed = relative * std::max(std::abs(manual), std::abs(automatic)) + floor;
  if (difference <= allowed) {
    return {.verdict = Verdict::right, .excess = allowed > 0 ? difference / allowed : 0};
  }
  return {.verdict = difference <= loss_floor ? Verdict::inconclusive : Verdict::wrong,
          .excess = difference / std::max(allowed, std::numeric_limits<double>::min())};
}

/// Larger is worse.
std::pair<int, double> severity(const Deviation& d) {
  switch (d.verdict) {
    case Verdict::right:
      return {0, d.excess};
    case Verdict::inconclusive:
      return {1, d.excess};
    case Verdict::wrong:
      break;
  }
  return {2, d.excess};
}

}  // namespace

std::string difference_reason(Verdict verdict, double manual, double automatic, std::span<const std::int64_t> index) {
  const std::string where = index_text(index);
  if (verdict == Verdict::wrong) {
    return std::isfinite(manual) && std::isfinite(automatic)
               ? fmt::format("manual {:.6g} and automatic {:.6g} differ at {} by more than rounding", manual, automatic,
                             where)
               : fmt::format("manual is {:.6g} and automatic {:.6g} at {}", manual, automatic, where);
  }
  return std::isfinite(manual) && std::isfinite(automatic)
             ? fmt::format("manual {:.6g} and automatic {:.6g} differ at {} by less than the rounding of the loss",
                           manual, automatic, where)
             : fmt::format("manual is {:.6g} and automatic {:.6g} at {}: neither is finite", manual, automatic, where);
}

Agreement compare_manual(std::span<const double> manual, std::span<const double> automatic, const Shape& shape,
                         const Tolerance& tolerance, double loss) {
  Agreement agreement;
  Comparison& comparison = agreement.comparison;
  comparison.done = true;
  comparison.verdict = Verdict::right;
  const double gradient_norm = norm(automatic);
  const double floor = std::isfinite(gradient_norm) ? Tolerance::floor_factor * tolerance.epsilon * gradient_norm : 0;
  const double loss_floor = Tolerance::floor_factor * tolerance.epsilon * std::abs(loss);

  std::vector<double> differences(manual.size());
  std::vector<std::pair<double, std::int64_t>> suspects;
  Deviation worst;
  for (std::size_t i = 0; i < manual.size(); ++i) {
    const auto flat = static_cast<std::int64_t>(i);
    const Deviation here = deviation(manual[i], automatic[i], floor, loss_floor, tolerance.relative);
    if (agreement.worst < 0 || severity(here) > severity(worst)) {
      worst = here;
      agreement.worst = flat;
    }
    if (here.verdict == Verdict::wrong) {
      suspects.emplace_back(here.excess, flat);
    }
    differences[i] = manual[i] - automatic[i];
    const double size = std::max(std::abs(manual[i]), std::abs(automatic[i]));
    comparison.absolute = larger(comparison.absolute, std::abs(differences[i]));
    if (100 * floor < size) {
      comparison.relative = std::max(comparison.relative, std::abs(differences[i]) / size);
    }
  }
  const double size = std::max(norm(manual), norm(automatic));
  comparison.norm_relative = size > 0 ? norm(differences) / size : 0;
  if (agreement.worst < 0) {
    comparison.verdict = Verdict::inconclusive;
    comparison.reason = "it has no entries";
    return agreement;
  }
  comparison.verdict = worst.verdict;
  comparison.index = unravel(agreement.worst, shape);
  const auto decided = static_cast<std::size_t>(agreement.worst);
  if (worst.verdict != Verdict::right) {
    comparison.reason = difference_reason(worst.verdict, manual[decided], automatic[decided], comparison.index);
  }
  // Also where no entry shows more than the rounding of the loss: together they may.
  if (worst.verdict != Verdict::wrong && comparison.norm_relative > tolerance.relative) {
    const bool covered = norm(differences) <= loss_floor;
    comparison.verdict = covered ? Verdict::inconclusive : Verdict::wrong;
    comparison.reason = fmt::format("manual and automatic differ by {:.3g} of their norm, spread over many entries{}",
                                    comparison.norm_relative, covered ? ", less than the rounding of the loss" : "");
  }
  std::sort(suspects.begin(), suspects.end(), [](const auto& a, const auto& b) {
    return std::pair{a.first, b.second} > std::pair{b.first, a.second};
  });
  for (const auto& [excess, flat] : suspects) {
    agreement.suspects.push_back(flat);
  }
  return agreement;
}

}  // namespace xgrad::check
