#include "check/verdict/examination.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <numeric>
#include <utility>

#include "check/differences/numeric_gradient.hpp"
#include "check/entries/entries.hpp"

namespace xgrad::check {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Adds to a wrong verdict that rounding might have changed why nothing is known of rounding.
void add_unknown(Comparison& comparison, const std::string& unknown) {
  if (comparison.verdict == Verdict::wrong && !unknown.empty()) {
    comparison.reason += "; rounding in float32 wasn't weighed: " + unknown;
  }
}

}  // namespace

Examination::Examination(const LossFunction& loss_function, const NamedParameter& named, const NumericOptions& options,
                         const Tensor& manual, const Automatic& automatic, std::size_t i)
    : loss_function_{loss_function},
      named_{named},
      options_{options},
      has_manual_{manual.defined()},
      manual_{has_manual_ ? as_doubles(manual) : std::vector<double>{}},
      automatic_{automatic.gradients[i]},
      rounding_{automatic.rounding_at(i)},
      exercised_{automatic.connected[i]},
      loss_{automatic.loss},
      shape_{named.parameter.shape()},
      tolerance_{tolerance_of(named.parameter.dtype())} {}

ParameterReport Examination::run() {
  numerical_ = numeric_gradient(loss_function_, named_.parameter, options_);
  for (const Tensor& direction : numerical_.direction_vectors) {
    directions_.push_back(as_doubles(direction));
  }
  const LookAgain look_again = [this](const NumericEntry& entry, std::int64_t direction, double automatic) {
    const auto vector = direction < 0 ? std::span<const double>{} : directions_[static_cast<std::size_t>(direction)];
    const double deviation = std::abs(automatic - entry.value);
    if (!deviation_persists(loss_function_, named_.parameter, entry, vector, automatic) ||
        is_rounding_of_loss(deviation, entry.step)) {
      return SecondLook{};
    }
    const auto jump = jump_at(entry.index, vector, deviation);
    return SecondLook{.persists = !jump, .jump = jump};
  };
  Agreement with_differences =
      compare_numerical(automatic_, along_directions(automatic_), numerical_, shape_, tolerance_, loss_, look_again);
  if (!exercised_ && with_differences.comparison.verdict == Verdict::inconclusive) {
    with_differences.comparison.reason = "not exercised: the loss doesn't depend on it";
  }
  Agreement with_manual;
  if (has_manual_) {
    with_manual = compare_manual(manual_, automatic_, shape_, tolerance_, loss_, rounding_);
    examine_suspects(with_manual, with_differences);
  }
  return report(with_manual, with_differences);
}

ParameterReport Examination::run_with(TakenDifferences taken, bool closely) {
  taken_ = std::move(taken);
  closely_ = closely;
  Agreement with_manual;
  if (has_manual_) {
    with_manual = compare_manual(manual_, automatic_, shape_, tolerance_, loss_, rounding_);
    if (closely) {
      examine_suspects(with_manual, taken_->agreement);
    }
  }
  return report(with_manual, taken_->agreement);
}

std::vector<double> Examination::along_directions(const std::vector<double>& gradient) const {
  std::vector<double> result;
  result.reserve(directions_.size());
  for (const std::vector<double>& direction : directions_) {
    result.push_back(std::inner_product(gradient.begin(), gradient.end(), direction.begin(), 0.0));
  }
  return result;
}

/// Whether the loss's rounding, divided by the step, explains a deviation from a difference. A loss in which far larger
/// terms cancel changes in steps, and its differences seem exact.
bool Examination::is_rounding_of_loss(double deviation, double step) {
  if (!loss_rounding_) {
    loss_rounding_ = rounding_of_value(loss_function_());
  }
  return deviation * step <= Tolerance::rounding_factor * loss_rounding_->error;
}

/// The differences at an entry, worked out now if it wasn't among those checked.
const NumericEntry& Examination::numeric_at(std::int64_t index) {
  for (const std::vector<NumericEntry>* known : {&numerical_.entries, &extra_}) {
    for (const NumericEntry& entry : *known) {
      if (entry.index == index) {
        return entry;
      }
    }
  }
  const std::optional<double> noise = taken_ ? taken_->noise : std::nullopt;
  extra_.push_back(numeric_entries(loss_function_, named_.parameter, std::span{&index, 1}, options_, noise).front());
  return extra_.back();
}

/// Manual and automatic may both be right at a kink, where each may take another one-sided derivative. Only if all
/// entries that differ are at kinks is the comparison inconclusive. Of very many, some are examined: the worst, and
/// others evenly spaced in the order of their deviations.
void Examination::examine_suspects(Agreement& agreement, const Agreement& with_differences) {
  const bool smooth = with_differences.comparison.verdict == Verdict::right;
  constexpr std::int64_t always = 64;
  const std::vector<std::int64_t>& suspects = agreement.suspects;
  const std::size_t count = std::min(suspects.size(), static_cast<std::size_t>(std::max(options_.max_entries, always)));
  for (std::size_t k = 0; k < count; ++k) {
    const std::int64_t index = suspects[k * suspects.size() / count];
    const NumericEntry& entry = numeric_at(index);
    const auto i = static_cast<std::size_t>(index);
    const bool kink = has_kink(entry, 0) && within_kink(manual_[i], entry) && within_kink(automatic_[i], entry);
    if (!kink && (smooth || !jumps_between(index))) {
      agreement.worst = index;
      agreement.comparison.index = unravel(index, shape_);
      agreement.comparison.reason =
          difference_reason(Verdict::wrong, manual_[i], automatic_[i], agreement.comparison.index) + ": " +
          blame(manual_[i], automatic_[i], entry);
      return;
    }
  }
  if (suspects.empty()) {
    return;
  }
  agreement.comparison.verdict = Verdict::inconclusive;
  agreement.comparison.reason =
      count == suspects.size()
          ? fmt::format("at a kink: manual and automatic differ at {}, both within the one-sided derivatives",
                        index_text(agreement.comparison.index))
          : fmt::format(
                "at kinks: manual and automatic differ at {} entries, and at the {} of them that were looked at "
                "both are within the one-sided derivatives",
                suspects.size(), count);
}

std::optional<NearbyDerivatives> Examination::jump_at(std::int64_t index, std::span<const double> direction,
                                                      double deviation) {
  if (!std::isfinite(deviation)) {
    return std::nullopt;
  }
  if (!loss_rounding_) {
    loss_rounding_ = rounding_of_value(loss_function_());
  }
  Perturbation perturbation{loss_function_, named_.parameter};
  return nearby_derivatives(perturbation, index, direction, deviation,
                            Tolerance::rounding_factor * loss_rounding_->error);
}

/// Whether manual and automatic are both among the derivatives beside an entry where these jump.
bool Examination::jumps_between(std::int64_t index) {
  constexpr double share = 0.01;
  const auto i = static_cast<std::size_t>(index);
  const auto jump = jump_at(index, {}, std::abs(manual_[i] - automatic_[i]));
  return jump && jump->include(manual_[i], share) && jump->include(automatic_[i], share);
}

/// Which of the two the differences contradict.
std::string Examination::blame(double manual, double automatic, const NumericEntry& entry) const {
  const double allowed = Tolerance::error_factor * entry.error + tolerance_.relative * std::abs(entry.value);
  const bool manual_fits = std::abs(manual - entry.value) <= allowed;
  const bool automatic_fits = std::abs(automatic - entry.value) <= allowed;
  const std::string differences = fmt::format("differences give {:.6g} ± {:.1g}", entry.value, entry.error);
  if (automatic_fits == manual_fits) {
    return differences + (manual_fits ? ", which can't tell the two apart" : ", which neither agrees with");
  }
  return differences + (automatic_fits ? ", so the manual gradient is wrong" : ", so the automatic gradient is wrong");
}

ParameterReport Examination::report(Agreement& with_manual, Agreement& with_differences) {
  ParameterReport result;
  result.name = named_.name;
  result.shape = shape_;
  add_unknown(with_manual.comparison, rounding_.unknown);
  if (loss_rounding_) {
    add_unknown(with_differences.comparison, loss_rounding_->unknown);
  }
  result.checked = static_cast<std::int64_t>(numerical_.entries.size());
  const bool manual_decides = with_manual.comparison.verdict == Verdict::wrong ||
                              (with_manual.comparison.done && with_manual.comparison.verdict == Verdict::inconclusive &&
                               with_differences.comparison.verdict == Verdict::right);
  const Agreement& decisive = manual_decides ? with_manual : with_differences;
  result.manual_automatic = with_manual.comparison;
  result.automatic_numerical = with_differences.comparison;
  result.verdict = decisive.comparison.verdict;
  result.reason = decisive.comparison.reason;
  result.index = decisive.comparison.index;
  result.direction = decisive.comparison.direction;
  if (decisive.worst >= 0) {
    const auto i = static_cast<std::size_t>(decisive.worst);
    fill(result, has_manual_ ? manual_[i] : nan, automatic_[i],
         closely_ ? numeric_at(decisive.worst) : NumericEntry{.value = nan, .error = nan, .step = nan});
  } else if (result.direction >= 0 && taken_) {
    fill(result, nan, taken_->automatic, taken_->numerical);
  } else if (result.direction >= 0) {
    const auto d = static_cast<std::size_t>(result.direction);
    fill(result, has_manual_ ? along_directions(manual_)[d] : nan, along_directions(automatic_)[d],
         numerical_.directions[d]);
  } else {
    fill(result, nan, nan, {.value = nan, .error = nan, .step = nan});
  }
  return result;
}

void Examination::fill(ParameterReport& report, double manual, double automatic, const NumericEntry& numerical) {
  report.manual = manual;
  report.automatic = automatic;
  report.numerical = numerical.value;
  report.step = numerical.step;
  report.error = numerical.error;
}

}  // namespace xgrad::check
