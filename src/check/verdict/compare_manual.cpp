#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <string_view>
#include <utility>

#include "check/verdict/agreement.hpp"

// Two exact formulas for the same gradient differ by rounding only. An entry agrees if
//   |m − a| ≤ relative · max(|m|, |a|) + 16 ε ‖a‖,
// the second term being what large entries' roundings leave on small ones. The norm agrees if
//   ‖m − a‖ ≤ relative · max(‖m‖, ‖a‖).
// A deviation of no more than 16 ε |loss| is under the rounding of the loss itself: it shows nothing, neither way.
// Where the exact gradient e is known, and the errors r that rounding makes, m may agree with e just as well; and
//   |m − e| ≤ relative · max(|m|, |e|) + 16 ε ‖a‖ + 2 r,        r no less than |a − e|,
// shows nothing either.
namespace xgrad::check {
namespace {

struct Deviation {
  Verdict verdict = Verdict::right;
  double excess = 0;  ///< in units of the deviation allowed
};

/// The deviations that are allowed.
struct Limits {
  double relative = 0;
  double floor = 0;
  double loss_floor = 0;
};

Deviation deviation(double manual, double automatic, const Limits& limits) {
  if (!std::isfinite(manual) || !std::isfinite(automatic)) {
    const bool both = !std::isfinite(manual) && !std::isfinite(automatic);
    return {.verdict = both ? Verdict::inconclusive : Verdict::wrong,
            .excess = std::numeric_limits<double>::infinity()};
  }
  const double difference = std::abs(manual - automatic);
  const double allowed = limits.relative * std::max(std::abs(manual), std::abs(automatic)) + limits.floor;
  if (difference <= allowed) {
    return {.verdict = Verdict::right, .excess = allowed > 0 ? difference / allowed : 0};
  }
  return {.verdict = difference <= limits.loss_floor ? Verdict::inconclusive : Verdict::wrong,
          .excess = difference / std::max(allowed, std::numeric_limits<double>::min())};
}

/// The rounding error of an entry: the largest one seen, or the automatic gradient's own if that is larger.
double error_at(const Rounding& rounding, std::span<const double> automatic, std::size_t i) {
  return larger(rounding.errors[i], std::abs(automatic[i] - rounding.exact[i]));
}

/// The verdict on an entry beyond the limits, once its rounding error is known.
Deviation with_rounding(const Deviation& otherwise, double manual, double exact, double error, const Limits& limits) {
  if (!std::isfinite(manual)) {
    return otherwise;
  }
  Limits wider = limits;
  wider.loss_floor = 0;
  const Deviation from_exact = deviation(manual, exact, wider);
  if (from_exact.verdict == Verdict::right || !std::isfinite(error)) {
    return from_exact.verdict == Verdict::right ? from_exact : otherwise;
  }
  wider.floor += Tolerance::rounding_factor * error;
  const bool covered = deviation(manual, exact, wider).verdict == Verdict::right;
  return {.verdict = covered ? Verdict::inconclusive : Verdict::wrong, .excess = otherwise.excess};
}

/// Of all entries together, by their norm.
Verdict spread_verdict(std::span<const double> manual, std::span<const double> automatic, const Rounding& rounding,
                       const Limits& limits) {
  if (rounding.exact.empty()) {
    return Verdict::wrong;
  }
  std::vector<double> differences(manual.size());
  std::vector<double> errors(manual.size());
  for (std::size_t i = 0; i < manual.size(); ++i) {
    differences[i] = manual[i] - rounding.exact[i];
    errors[i] = error_at(rounding, automatic, i);
  }
  const double difference = norm(differences);
  const double allowed = limits.relative * std::max(norm(manual), norm(rounding.exact));
  if (difference <= allowed) {
    return Verdict::right;
  }
  return difference <= allowed + Tolerance::rounding_factor * norm(errors) ? Verdict::inconclusive : Verdict::wrong;
}

constexpr std::string_view rounding_of_loss = "the rounding of the loss";
constexpr std::string_view rounding_of_gradient = "what rounding in float32 may do there: the two can't be told apart";

/// How the words about a norm end.
std::string covered(Verdict verdict, bool by_loss) {
  if (verdict == Verdict::wrong) {
    return {};
  }
  return fmt::format(", less than {}", by_loss ? rounding_of_loss : rounding_of_gradient);
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

std::string difference_reason(Verdict verdict, double manual, double automatic, std::span<const std::int64_t> index,
                              std::string_view covered_by) {
  const std::string where = index_text(index);
  if (verdict == Verdict::wrong) {
    return std::isfinite(manual) && std::isfinite(automatic)
               ? fmt::format("manual {:.6g} and automatic {:.6g} differ at {} by more than rounding", manual, automatic,
                             where)
               : fmt::format("manual is {:.6g} and automatic {:.6g} at {}", manual, automatic, where);
  }
  return std::isfinite(manual) && std::isfinite(automatic)
             ? fmt::format("manual {:.6g} and automatic {:.6g} differ at {} by less than {}", manual, automatic, where,
                           covered_by)
             : fmt::format("manual is {:.6g} and automatic {:.6g} at {}: neither is finite", manual, automatic, where);
}

Agreement compare_manual(std::span<const double> manual, std::span<const double> automatic, const Shape& shape,
                         const Tolerance& tolerance, double loss, const Rounding& rounding) {
  Agreement agreement;
  Comparison& comparison = agreement.comparison;
  comparison.done = true;
  comparison.verdict = Verdict::right;
  const double gradient_norm = norm(automatic);
  const double floor = std::isfinite(gradient_norm) ? Tolerance::floor_factor * tolerance.epsilon * gradient_norm : 0;
  const Limits limits{.relative = tolerance.relative,
                      .floor = floor,
                      .loss_floor = Tolerance::floor_factor * tolerance.epsilon * std::abs(loss)};

  std::vector<double> differences(manual.size());
  std::vector<std::pair<double, std::int64_t>> suspects;
  Deviation worst;
  for (std::size_t i = 0; i < manual.size(); ++i) {
    const auto flat = static_cast<std::int64_t>(i);
    Deviation here = deviation(manual[i], automatic[i], limits);
    if (here.verdict == Verdict::wrong && !rounding.exact.empty()) {
      here = with_rounding(here, manual[i], rounding.exact[i], error_at(rounding, automatic, i), limits);
    }
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
    const bool by_loss = std::abs(differences[decided]) <= limits.loss_floor;
    comparison.reason = difference_reason(worst.verdict, manual[decided], automatic[decided], comparison.index,
                                          by_loss ? rounding_of_loss : rounding_of_gradient);
  }
  // Also where no entry shows more than rounding: together they may.
  if (worst.verdict != Verdict::wrong && comparison.norm_relative > tolerance.relative) {
    const bool by_loss = norm(differences) <= limits.loss_floor;
    const Verdict spread = by_loss ? Verdict::inconclusive : spread_verdict(manual, automatic, rounding, limits);
    if (spread != Verdict::right) {
      comparison.verdict = spread;
      comparison.reason = fmt::format("manual and automatic differ by {:.3g} of their norm, spread over many entries{}",
                                      comparison.norm_relative, covered(spread, by_loss));
    }
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
