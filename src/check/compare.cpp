#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "xgrad/autodiff.hpp"
#include "xgrad/check.hpp"
#include "xgrad/diagnose.hpp"
#include "xgrad/error.hpp"

#include "check/agreement.hpp"
#include "check/numeric.hpp"

namespace xgrad::check {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::vector<double> as_doubles(const Tensor& tensor) {
  if (tensor.dtype() == float64) {
    return tensor.to_vector<double>();
  }
  const std::span<const float> values = tensor.data<float>();
  return {values.begin(), values.end()};
}

void require_fitting(const std::vector<NamedParameter>& parameters, const std::vector<Tensor>& manual) {
  if (parameters.empty()) {
    throw ValueError("[compare] no parameters: there is nothing to compare");
  }
  if (!manual.empty() && manual.size() != parameters.size()) {
    throw ShapeError(fmt::format("[compare] {} manual gradients for {} parameters, expected one each or none",
                                 manual.size(), parameters.size()));
  }
  for (std::size_t i = 0; i < manual.size(); ++i) {
    if (!manual[i].defined()) {
      continue;
    }
    const Parameter& parameter = parameters[i].parameter;
    if (manual[i].shape() != parameter.shape()) {
      throw ShapeError(fmt::format("[compare] the manual gradient of {} has shape {}, expected {}", parameters[i].name,
                                   to_string(manual[i].shape()), to_string(parameter.shape())));
    }
    if (manual[i].dtype() != parameter.dtype()) {
      throw DTypeError(fmt::format("[compare] the manual gradient of {} is {}, expected {}", parameters[i].name,
                                   to_string(manual[i].dtype()), to_string(parameter.dtype())));
    }
  }
}

struct Automatic {
  double loss = 0;
  std::vector<std::vector<double>> gradients;
  std::vector<bool> exercised;  ///< whether the loss's graph reaches the parameter
};

bool depends_on(const Tensor& loss, const Tensor& parameter) {
  try {
    static_cast<void>(gradients(loss, {parameter}));
    return true;
  } catch (const ValueError&) {
    return false;
  }
}

Automatic differentiate(const LossFunction& loss_function, const std::vector<NamedParameter>& parameters) {
  const Tensor loss = loss_function();
  if (loss.rank() != 0) {
    throw ShapeError(fmt::format("[compare] the loss has shape {}, expected a scalar ()", to_string(loss.shape())));
  }
  const auto [value, gradients] = value_and_gradients(loss, parameters, {.unconnected = Unconnected::zeros});
  Automatic automatic;
  automatic.loss = value.item();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    automatic.gradients.push_back(as_doubles(gradients[i]));
    automatic.exercised.push_back(norm(automatic.gradients[i]) != 0 || depends_on(loss, parameters[i]));
  }
  return automatic;
}

/// One parameter on its way to a verdict.
class Examination {
 public:
  Examination(const LossFunction& loss_function, const NamedParameter& named, const NumericOptions& options,
              const Tensor& manual, std::vector<double> automatic, double loss)
      : loss_function_{loss_function},
        named_{named},
        options_{options},
        has_manual_{manual.defined()},
        manual_{has_manual_ ? as_doubles(manual) : std::vector<double>{}},
        automatic_{std::move(automatic)},
        loss_{loss},
        shape_{named.parameter.shape()},
        tolerance_{tolerance_of(named.parameter.dtype())} {}

  [[nodiscard]] ParameterReport run(bool exercised) {
    numerical_ = numeric_gradient(loss_function_, named_.parameter, options_);
    for (const Tensor& direction : numerical_.direction_vectors) {
      directions_.push_back(as_doubles(direction));
    }
    const Persists persists = [this](const NumericEntry& entry, std::int64_t direction, double automatic) {
      const auto vector = direction < 0 ? std::span<const double>{} : directions_[static_cast<std::size_t>(direction)];
      return deviation_persists(loss_function_, named_.parameter, entry, vector, automatic);
    };
    Agreement with_differences =
        compare_numerical(automatic_, along_directions(automatic_), numerical_, shape_, tolerance_, loss_, persists);
    if (!exercised && with_differences.comparison.verdict == Verdict::inconclusive) {
      with_differences.comparison.reason = "not exercised: the loss doesn't depend on it";
    }
    Agreement with_manual;
    if (has_manual_) {
      with_manual = compare_manual(manual_, automatic_, shape_, tolerance_, loss_);
      examine_suspects(with_manual);
    }
    return report(with_manual, with_differences);
  }

 private:
  [[nodiscard]] std::vector<double> along_directions(const std::vector<double>& gradient) const {
    std::vector<double> result;
    result.reserve(directions_.size());
    for (const std::vector<double>& direction : directions_) {
      result.push_back(std::inner_product(gradient.begin(), gradient.end(), direction.begin(), 0.0));
    }
    return result;
  }

  /// The differences at an entry, worked out now if it wasn't among those checked.
  [[nodiscard]] const NumericEntry& numeric_at(std::int64_t index) {
    for (const std::vector<NumericEntry>* known : {&numerical_.entries, &extra_}) {
      for (const NumericEntry& entry : *known) {
        if (entry.index == index) {
          return entry;
        }
      }
    }
    extra_.push_back(numeric_entries(loss_function_, named_.parameter, std::span{&index, 1}, options_).front());
    return extra_.back();
  }

  /// Manual and automatic may both be right at a kink, where each may take another one-sided derivative. Only if all
  /// entries that differ are at kinks is the comparison inconclusive.
  void examine_suspects(Agreement& agreement) {
    const auto limit = static_cast<std::size_t>(std::max<std::int64_t>(options_.max_entries, 1));
    std::size_t examined = 0;
    for (const std::int64_t index : agreement.suspects) {
      if (examined++ == limit) {
        break;
      }
      const NumericEntry& entry = numeric_at(index);
      const auto i = static_cast<std::size_t>(index);
      if (!has_kink(entry, 0) || !within_kink(manual_[i], entry) || !within_kink(automatic_[i], entry)) {
        agreement.worst = index;
        agreement.comparison.index = unravel(index, shape_);
        agreement.comparison.reason =
            difference_reason(Verdict::wrong, manual_[i], automatic_[i], agreement.comparison.index) + ": " +
            blame(manual_[i], automatic_[i], entry);
        return;
      }
    }
    if (!agreement.suspects.empty()) {
      agreement.comparison.verdict = Verdict::inconclusive;
      agreement.comparison.reason =
          fmt::format("at a kink: manual and automatic differ at {}, both within the one-sided derivatives",
                      index_text(agreement.comparison.index));
    }
  }

  /// Which of the two the differences contradict.
  [[nodiscard]] std::string blame(double manual, double automatic, const NumericEntry& entry) const {
    const double allowed = Tolerance::error_factor * entry.error + tolerance_.relative * std::abs(entry.value);
    const bool manual_fits = std::abs(manual - entry.value) <= allowed;
    const bool automatic_fits = std::abs(automatic - entry.value) <= allowed;
    const std::string differences = fmt::format("differences give {:.6g} ± {:.1g}", entry.value, entry.error);
    if (automatic_fits == manual_fits) {
      return differences + (manual_fits ? ", which can't tell the two apart" : ", which neither agrees with");
    }
    return differences +
           (automatic_fits ? ", so the manual gradient is wrong" : ", so the automatic gradient is wrong");
  }

  [[nodiscard]] ParameterReport report(Agreement& with_manual, Agreement& with_differences) {
    ParameterReport result;
    result.name = named_.name;
    result.shape = shape_;
    result.checked = static_cast<std::int64_t>(numerical_.entries.size());
    const bool manual_decides =
        with_manual.comparison.verdict == Verdict::wrong ||
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
      fill(result, has_manual_ ? manual_[i] : nan, automatic_[i], numeric_at(decisive.worst));
    } else if (result.direction >= 0) {
      const auto d = static_cast<std::size_t>(result.direction);
      fill(result, has_manual_ ? along_directions(manual_)[d] : nan, along_directions(automatic_)[d],
           numerical_.directions[d]);
    } else {
      fill(result, nan, nan, {.value = nan, .error = nan, .step = nan});
    }
    return result;
  }

  static void fill(ParameterReport& report, double manual, double automatic, const NumericEntry& numerical) {
    report.manual = manual;
    report.automatic = automatic;
    report.numerical = numerical.value;
    report.step = numerical.step;
    report.error = numerical.error;
  }

  const LossFunction& loss_function_;
  const NamedParameter& named_;
  const NumericOptions& options_;
  bool has_manual_;
  std::vector<double> manual_;  ///< empty without a manual gradient
  std::vector<double> automatic_;
  double loss_;
  Shape shape_;
  Tolerance tolerance_;
  NumericGradient numerical_;
  std::vector<NumericEntry> extra_;
  std::vector<std::vector<double>> directions_;
};

/// Why the loss can't be checked at all, or an empty string.
std::string unfit(const LossFunction& loss_function, double loss) {
  constexpr double roundings = 1e3;
  if (!std::isfinite(loss)) {
    return fmt::format("the loss is {}, so there is no gradient to check", loss);
  }
  const Tensor again = loss_function();
  const double second = again.item();
  // Another plan may round differently.
  if (!(std::abs(second - loss) <= roundings * tolerance_of(again.dtype()).epsilon * std::abs(loss))) {
    return fmt::format("the loss isn't the same twice: {:.8g}, then {:.8g}", loss, second);
  }
  return {};
}

ParameterReport unchecked(const NamedParameter& named, const std::string& reason) {
  ParameterReport report;
  report.name = named.name;
  report.shape = named.parameter.shape();
  report.manual = nan;
  report.automatic = nan;
  report.numerical = nan;
  report.step = nan;
  report.error = nan;
  report.reason = reason;
  return report;
}

void add_diagnoses(Report& report, const LossFunction& loss, const std::vector<NamedParameter>& parameters,
                   const std::vector<Tensor>& manual) {
  const auto is_wrong = [](const ParameterReport& parameter) {
    return parameter.manual_automatic.done && parameter.manual_automatic.verdict == Verdict::wrong;
  };
  if (!std::any_of(report.parameters.begin(), report.parameters.end(), is_wrong)) {
    return;
  }
  std::vector<Diagnosis> diagnoses;
  try {
    diagnoses = diagnose(loss, parameters, manual);
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch): an operation of the user's may refuse other values
  }
  for (std::size_t i = 0; i < diagnoses.size(); ++i) {
    if (is_wrong(report.parameters[i]) && diagnoses[i].verdict == Verdict::wrong) {
      report.parameters[i].diagnosis = diagnoses[i].text();
    }
  }
}

}  // namespace

Report compare(const LossFunction& loss, const std::vector<NamedParameter>& parameters, const CompareOptions& options) {
  require_fitting(parameters, options.manual);
  Automatic automatic = differentiate(loss, parameters);

  Report report;
  report.dtype = parameters.front().parameter.dtype();
  report.loss = automatic.loss;
  report.manual_source = options.manual_source;
  if (report.manual_source.empty()) {
    report.manual_source = options.manual.empty() ? "none: no manual gradients were given" : "given";
  }
  const std::string reason = unfit(loss, automatic.loss);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (!reason.empty()) {
      report.parameters.push_back(unchecked(parameters[i], reason));
      continue;
    }
    const Tensor manual = options.manual.empty() ? Tensor{} : options.manual[i];
    Examination examination{loss,          parameters[i], options.numeric, manual, std::move(automatic.gradients[i]),
                            automatic.loss};
    report.parameters.push_back(examination.run(automatic.exercised[i]));
  }
  if (options.diagnose) {
    add_diagnoses(report, loss, parameters, options.manual);
  }
  return report;
}

}  // namespace xgrad::check
