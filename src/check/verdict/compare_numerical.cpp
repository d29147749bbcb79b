#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <tuple>

#include "check/verdict/agreement.hpp"

// Differences carry their own error estimate. An entry, or a direction, agrees if
//   |a − n| ≤ 10 error + 16 ε ‖a‖.
// Agreement shows something only where the errors are small against the gradient: ‖error‖ ≤ resolution · ‖gradient‖,
// over the entries checked or over the directions.
namespace xgrad::check {
namespace {

/// From harmless to worst.
enum class Finding : std::uint8_t { agrees, unclear, not_finite, kink, differs };

Verdict verdict_of(Finding finding) {
  switch (finding) {
    case Finding::agrees:
      return Verdict::right;
    case Finding::unclear:
    case Finding::not_finite:
    case Finding::kink:
      return Verdict::inconclusive;
    case Finding::differs:
      break;
  }
  return Verdict::wrong;
}

struct Judged {
  Finding finding = Finding::agrees;
  double excess = 0;  ///< in units of the deviation allowed
};

struct Sample {
  double automatic = 0;
  const NumericEntry* numerical = nullptr;
  std::int64_t direction = -1;
  Judged judged = {};
  std::optional<NearbyDerivatives> jump = std::nullopt;
};

/// Among equals an entry comes before a direction, and the first before the others.
bool is_worse(const Sample& a, const Sample& b) {
  return std::tuple{a.judged.finding, a.judged.excess, b.direction, b.numerical->index} >
         std::tuple{b.judged.finding, b.judged.excess, a.direction, a.numerical->index};
}

Judged judge(const Sample& sample, double floor, double loss) {
  constexpr double kink_share = 1e-5;
  constexpr double converged_share = 1e-3;
  const NumericEntry& n = *sample.numerical;
  const double infinity = std::numeric_limits<double>::infinity();
  if (!std::isfinite(n.value) || !std::isfinite(n.error)) {
    return {.finding = Finding::not_finite, .excess = infinity};
  }
  if (!std::isfinite(sample.automatic)) {
    // A derivative that is really infinite leaves differences that grow without end.
    const bool converged = n.error <= converged_share * std::max(std::abs(n.value), std::abs(loss));
    return {.finding = converged ? Finding::differs : Finding::not_finite, .excess = infinity};
  }
  const double difference = std::abs(sample.automatic - n.value);
  const double allowed = Tolerance::error_factor * n.error + floor;
  double excess = difference / allowed;
  if (allowed == 0) {
    excess = difference > 0 ? infinity : 0;
  }
  const double share = difference <= allowed ? kink_share : 0;
  if (has_kink(n, share) && within_kink(sample.automatic, n)) {
    return {.finding = Finding::kink, .excess = excess};
  }
  return {.finding = difference <= allowed ? Finding::agrees : Finding::differs, .excess = excess};
}

/// The worst sample. One that differs is looked at again, and only differs if its deviation persists.
const Sample& find_worst(std::vector<Sample>& points, const LookAgain& look_again) {
  std::sort(points.begin(), points.end(), is_worse);
  for (Sample& sample : points) {
    if (sample.judged.finding != Finding::differs || !std::isfinite(sample.automatic)) {
      break;
    }
    const SecondLook found = look_again(*sample.numerical, sample.direction, sample.automatic);
    if (found.persists) {
      break;
    }
    sample.jump = found.jump;
    sample.judged.finding = found.jump ? Finding::kink : Finding::unclear;
  }
  return *std::min_element(points.begin(), points.end(), is_worse);
}

/// Sums over a group of points: how well differences resolve it.
struct Resolution {
  std::vector<double> errors;
  std::vector<double> sizes;

  void add(const Sample& sample) {
    errors.push_back(sample.numerical->error);
    sizes.push_back(std::max(std::abs(sample.automatic), std::abs(sample.numerical->value)));
  }
  [[nodiscard]] bool sufficient(double share) const {
    const double size = norm(sizes);
    return size > 0 && norm(errors) <= share * size;
  }
};

std::string where_text(const Sample& sample, const Shape& shape) {
  return sample.direction >= 0 ? fmt::format("along random direction {}", sample.direction)
                               : "at " + index_text(unravel(sample.numerical->index, shape));
}

std::string reason_of(const Sample& sample, const Shape& shape) {
  const NumericEntry& n = *sample.numerical;
  const std::string where = where_text(sample, shape);
  switch (sample.judged.finding) {
    case Finding::differs:
      return fmt::format("automatic {:.6g} {} is outside the differences' {:.6g} ± {:.1g}", sample.automatic, where,
                         n.value, n.error);
    case Finding::kink:
      if (sample.jump) {
        return fmt::format("at kinks: {} the derivative jumps between {:.6g} and {:.6g}", where, sample.jump->least,
                           sample.jump->most);
      }
      return fmt::format("at a kink: {} the derivative is {:.6g} from the left and {:.6g} from the right", where,
                         n.left, n.right);
    case Finding::unclear:
      return fmt::format(
          "automatic {:.6g} {} isn't the differences' {:.6g} ± {:.1g}, but small steps don't confirm those",
          sample.automatic, where, n.value, n.error);
    case Finding::not_finite:
      return std::isfinite(sample.automatic)
                 ? fmt::format("the loss is not finite or not smooth {}: differences give no number", where)
                 : fmt::format("automatic is {} {}, and differences don't converge there", sample.automatic, where);
    case Finding::agrees:
      break;
  }
  return {};
}

}  // namespace

Agreement compare_numerical(std::span<const double> automatic, std::span<const double> along,
                            const NumericGradient& numerical, const Shape& shape, const Tolerance& tolerance,
                            double loss, const LookAgain& look_again) {
  std::vector<Sample> points;
  points.reserve(numerical.entries.size() + numerical.directions.size());
  for (const NumericEntry& entry : numerical.entries) {
    points.push_back({.automatic = automatic[static_cast<std::size_t>(entry.index)], .numerical = &entry});
  }
  for (std::size_t i = 0; i < numerical.directions.size(); ++i) {
    points.push_back(
        {.automatic = along[i], .numerical = &numerical.directions[i], .direction = static_cast<std::int64_t>(i)});
  }

  Agreement agreement;
  Comparison& comparison = agreement.comparison;
  if (points.empty()) {
    comparison.reason = "no entry was checked";
    return agreement;
  }
  comparison.done = true;
  const double gradient_norm = norm(automatic);
  const double floor = std::isfinite(gradient_norm) ? Tolerance::floor_factor * tolerance.epsilon * gradient_norm : 0;

  Resolution entries;
  Resolution directions;
  std::vector<double> differences;
  for (Sample& sample : points) {
    sample.judged = judge(sample, floor, loss);
    const double difference = sample.automatic - sample.numerical->value;
    const double size = std::max(std::abs(sample.automatic), std::abs(sample.numerical->value));
    comparison.absolute = larger(comparison.absolute, std::abs(difference));
    if (sample.numerical->error <= tolerance.resolution * size) {
      comparison.relative = std::max(comparison.relative, std::abs(difference) / size);
    }
    (sample.direction < 0 ? entries : directions).add(sample);
    differences.push_back(difference);
  }
  const double size = std::max(norm(entries.sizes), norm(directions.sizes));
  comparison.norm_relative = size > 0 ? norm(differences) / size : 0;
  const Sample& worst = find_worst(points, look_again);
  comparison.direction = worst.direction;
  if (worst.direction < 0) {
    agreement.worst = worst.numerical->index;
    comparison.index = unravel(agreement.worst, shape);
  }

  comparison.verdict = verdict_of(worst.judged.finding);
  comparison.reason = reason_of(worst, shape);
  if (comparison.verdict == Verdict::right) {
    if (gradient_norm == 0) {
      comparison.verdict = Verdict::inconclusive;
      comparison.reason = "the gradient is zero everywhere: nothing was exercised";
    } else if (!entries.sufficient(tolerance.resolution) && !directions.sufficient(tolerance.resolution)) {
      comparison.verdict = Verdict::inconclusive;
      comparison.reason =
          fmt::format("noise floor: the differences' error of about {:.1g} is too large against a gradient of {:.3g}",
                      worst.numerical->error, std::max(norm(entries.sizes), norm(directions.sizes)));
    }
  }
  return agreement;
}

}  // namespace xgrad::check
