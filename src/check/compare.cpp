#include <algorithm>
#include <cmath>
#include <exception>
#include <fmt/format.h>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "xgrad/check.hpp"
#include "xgrad/diagnose.hpp"
#include "xgrad/error.hpp"
#include "xgrad/random.hpp"

#include "check/continuation.hpp"
#include "check/diagnosis/explanation.hpp"
#include "check/differences/guarded_loss.hpp"
#include "check/entries/entries.hpp"
#include "check/joint_differences.hpp"
#include "check/manual.hpp"
#include "check/named_tensors.hpp"
#include "check/verdict/agreement.hpp"
#include "check/verdict/automatic.hpp"
#include "check/verdict/examination.hpp"
#include "check/verdict/refusal.hpp"
#include "check/verdict/rounding.hpp"
#include "graph/order.hpp"
#include "tensor/out_of_memory.hpp"

namespace xgrad::check {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

void require_valid(const std::vector<NamedParameter>& parameters, const CompareOptions& options) {
  if (parameters.empty()) {
    throw ValueError("[compare] no parameters: there is nothing to compare");
  }
  if (options.manual_function && !options.manual.empty()) {
    throw ValueError("[compare] both manual and manual_function are given, expected one of them");
  }
}

/// The manual gradients, one per parameter or none at all.
std::vector<Tensor> manual_now(const std::vector<NamedParameter>& parameters, const CompareOptions& options) {
  std::vector<Tensor> manual = options.manual_function ? options.manual_function() : options.manual;
  const bool fits = manual.size() == parameters.size() || (manual.empty() && !options.manual_function);
  if (!fits) {
    throw ShapeError(fmt::format("[compare] {} manual gradients for {} parameters, expected one each or none",
                                 manual.size(), parameters.size()));
  }
  return manual;
}

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

ParameterReport unchecked(const ComparedTensor& given, const std::string& reason) {
  ParameterReport report;
  report.name = given.name;
  report.shape = given.x.shape();
  report.manual = nan;
  report.automatic = nan;
  report.numerical = nan;
  report.step = nan;
  report.error = nan;
  report.reason = reason;
  return report;
}

bool is_wrong(const Comparison& comparison) {
  return comparison.done && comparison.verdict == Verdict::wrong;
}

/// The loss and its gradients at one point of the parameters.
class ComparedPoint {
 public:
  ComparedPoint(const LossFunction& loss_function, const std::vector<NamedParameter>& parameters,
                const CompareOptions& options)
      : loss_function_{loss_function}, parameters_{parameters}, options_{options}, loss_{loss_function()} {
    if (loss_.rank() != 0) {
      throw ShapeError(fmt::format("[compare] the loss has shape {}, expected a scalar ()", to_string(loss_.shape())));
    }
    given_ = compared_tensors("compare", loss_, parameters, manual_now(parameters, options), options.manual_of);
    by_hand_ = given_.size();
    require_terms("compare", given_, options.terms);
    if (options.intermediates) {
      std::unordered_set<const graph::Node*> known;
      for (const ComparedTensor& each : given_) {
        known.insert(each.x.node());
      }
      for (const NamedTensor& named : NamedTensors{loss_}.intermediates()) {
        if (!known.contains(named.tensor.node())) {
          given_.push_back({named.name, named.tensor, {}});
        }
      }
    }
    automatic_ = differentiate(loss_, tensors_of(given_));
    weigh_rounding(loss_, given_, automatic_);
    reason_ = unfit(loss_function, automatic_.loss);
    const graph::Node* root = loss_.node();
    operations_ = static_cast<double>(graph::topological_order({&root, 1}, graph::Boundary::leaves).nodes.size());
    jointly_ = JointDifferences::operations_one_by_one(parameters, operations_, options.numeric) >
               static_cast<double>(options.numeric.max_operations);
  }

  [[nodiscard]] double loss() const noexcept { return automatic_.loss; }
  /// Why nothing can be compared here, or an empty string.
  [[nodiscard]] const std::string& unfit_for() const noexcept { return reason_; }
  [[nodiscard]] std::span<const ComparedTensor> given() const noexcept { return given_; }

  [[nodiscard]] ParameterReport examine(std::size_t i) {
    const ComparedTensor& each = given_[i];
    if (!reason_.empty()) {
      return unchecked(each, reason_);
    }
    if (jointly_ && !joint_) {
      joint_.emplace(loss_function_, parameters_, automatic_.gradients, automatic_.loss, operations_, options_.numeric);
    }
    if (i < parameters_.size()) {
      Examination examination{loss_function_, parameters_[i], options_.numeric, each.manual, automatic_, i};
      return joint_ && !blames(*joint_, i) ? examine_jointly(*joint_, examination, i) : examination.run();
    }
    // A tensor on the way is changed in its graph.
    if (joint_) {
      const NamedParameter cell{each.name, Parameter{each.x.detach()}};
      Agreement none;
      none.comparison.reason = "not compared with differences, which would take too long";
      return Examination{loss_function_, cell, options_.numeric, each.manual, automatic_, i}.run_with({none}, false);
    }
    const Continuation continuation{loss_, each.x};
    const NamedParameter cell{each.name, Parameter{continuation.start()}};
    const LossFunction from_there = [&] { return continuation(cell.parameter.value()); };
    return Examination{from_there, cell, options_.numeric, each.manual, automatic_, i}.run();
  }

  /// The directions of the differences, in words, if they aren't of each parameter on its own; known once a tensor was
  /// examined.
  [[nodiscard]] std::string differences() const { return joint_ ? joint_->text() : std::string{}; }

  /// Manual against automatic alone, by rounding.
  [[nodiscard]] bool contradicts(std::size_t i) const {
    const ComparedTensor& each = given_[i];
    return reason_.empty() && each.manual.defined() &&
           compare_manual(each, automatic_, i).comparison.verdict == Verdict::wrong;
  }

  [[nodiscard]] Explanation explain(const SecondPoint* second = nullptr) const {
    return check::explain(loss_, std::span{given_}.first(by_hand_), automatic_,
                          {.terms = options_.terms, .second = second});
  }

  /// The parameters' values, and their manual gradients.
  [[nodiscard]] SecondPoint as_second_point() const {
    SecondPoint point;
    for (const ComparedTensor& each : std::span{given_}.first(parameters_.size())) {
      point.values.push_back(each.x);
      point.manual.push_back(each.manual);
    }
    return point;
  }

  [[nodiscard]] bool has_same_manual(const ComparedPoint& other) const {
    return std::equal(other.given_.begin(), other.given_.end(), given_.begin(),
                      [](const ComparedTensor& a, const ComparedTensor& b) {
                        return a.manual.defined() == b.manual.defined() &&
                               (!a.manual.defined() || as_doubles(a.manual) == as_doubles(b.manual));
                      });
  }
  [[nodiscard]] bool has_same_automatic(const ComparedPoint& other) const {
    return std::equal(other.automatic_.gradients.begin(), other.automatic_.gradients.end(),
                      automatic_.gradients.begin());
  }

  [[nodiscard]] std::vector<std::size_t> positions() const { return backward_positions(loss_, tensors_of(given_)); }

 private:
  [[nodiscard]] static bool blames(const JointDifferences& joint, std::size_t i) {
    return joint.agreement().comparison.verdict == Verdict::wrong && joint.blamed() == i;
  }

  [[nodiscard]] ParameterReport examine_jointly(const JointDifferences& joint, Examination& examination,
                                                std::size_t i) {
    Agreement said = joint.agreement();
    const auto unknown = [&said](std::string reason) {
      said.comparison.verdict = Verdict::inconclusive;
      said.comparison.reason = std::move(reason);
    };
    if (!automatic_.connected[i]) {
      unknown("not exercised: the loss doesn't depend on it");
    } else if (norm(automatic_.gradients[i]) == 0) {
      unknown("the gradient is zero everywhere: nothing was exercised");
    } else if (said.comparison.verdict == Verdict::wrong) {
      unknown(fmt::format("automatic gradients don't agree with differences: {}'s doesn't, and others may not",
                          parameters_[joint.blamed()].name));
    }
    const bool closely = contradicts(i) && closely_left_ > 0;
    closely_left_ -= closely ? 1 : 0;
    return examination.run_with({said, joint.automatic(), joint.numerical(), joint.noise()}, closely);
  }

  const LossFunction& loss_function_;
  const std::vector<NamedParameter>& parameters_;
  const CompareOptions& options_;
  Tensor loss_;
  std::vector<ComparedTensor> given_;
  std::size_t by_hand_ = 0;  ///< those that may have a manual gradient come first
  Automatic automatic_;
  std::string reason_;
  double operations_ = 0;  ///< behind the loss
  bool jointly_ = false;   ///< whether differences of each parameter would take too long
  std::optional<JointDifferences> joint_;
  int closely_left_ = 4;  ///< wrong manual gradients that are still compared with differences then
};

/// Gives parameters random values of the size of their own, which they have back when this ends.
class RandomizedParameters {
 public:
  explicit RandomizedParameters(const std::vector<NamedParameter>& parameters) : parameters_{parameters} {
    for (const NamedParameter& named : parameters) {
      originals_.push_back(named.parameter.value());
    }
  }
  RandomizedParameters(const RandomizedParameters&) = delete;
  RandomizedParameters& operator=(const RandomizedParameters&) = delete;
  ~RandomizedParameters() {
    for (std::size_t i = 0; i < originals_.size(); ++i) {
      parameters_[i].parameter.restore(originals_[i]);
    }
  }

  void randomize() const {
    Random random{20261125};
    for (std::size_t i = 0; i < originals_.size(); ++i) {
      const std::vector<double> values = as_doubles(originals_[i]);
      const double size = norm(values) / std::sqrt(static_cast<double>(std::max<std::size_t>(values.size(), 1)));
      const double scale = size > 0 && std::isfinite(size) ? size : 1;
      parameters_[i].parameter.set(random.normal(originals_[i].shape(), 0, scale, originals_[i].dtype()));
    }
  }

 private:
  const std::vector<NamedParameter>& parameters_;
  std::vector<Tensor> originals_;
};

/// A gradient that is right here may be wrong elsewhere, where another branch is taken, say.
void look_elsewhere(ParameterReport& row, ComparedPoint& elsewhere, std::size_t i) {
  if (is_wrong(row.manual_automatic) || !elsewhere.contradicts(i)) {
    return;
  }
  const ParameterReport there = elsewhere.examine(i);
  if (is_wrong(there.manual_automatic)) {
    const std::size_t position = row.place;
    row = there;
    row.place = position;
    row.reason = "at other values of the parameters, " + there.reason;
    row.manual_automatic.reason = row.reason;
  }
}

std::vector<ParameterReport*> rows_of(Report& report) {
  std::vector<ParameterReport*> rows;
  for (std::vector<ParameterReport>* all : {&report.parameters, &report.tensors}) {
    for (ParameterReport& row : *all) {
      rows.push_back(&row);
    }
  }
  return rows;
}

bool any_wrong(std::span<ParameterReport* const> rows) {
  return std::any_of(rows.begin(), rows.end(),
                     [](const ParameterReport* row) { return is_wrong(row->manual_automatic); });
}

/// Of gradients that are right here, takes the diagnoses at the second point.
void add_explanation(Explanation& explanation, const Explanation& there) {
  for (std::size_t i = 0; i < there.diagnoses.size(); ++i) {
    if (explanation.diagnoses[i].verdict == Verdict::right) {
      explanation.diagnoses[i] = there.diagnoses[i];
    }
  }
  if (explanation.first_divergence.empty()) {
    explanation.first_divergence = there.first_divergence;
  }
}

void add_diagnoses(Report& report, const ComparedPoint& here, const ComparedPoint* elsewhere) {
  const std::vector<ParameterReport*> rows = rows_of(report);
  if (!here.unfit_for().empty() || !any_wrong(rows)) {
    return;
  }
  Explanation explanation;
  const std::optional<std::string> refusal = refusal_in([&] {
    // Of tensors on the way there are manual gradients here only.
    const bool both = elsewhere != nullptr && report.tensors.empty();
    const SecondPoint second = both ? elsewhere->as_second_point() : SecondPoint{};
    explanation = here.explain(both ? &second : nullptr);
    const bool any_right = std::any_of(explanation.diagnoses.begin(), explanation.diagnoses.end(),
                                       [](const Diagnosis& d) { return d.verdict == Verdict::right; });
    if (elsewhere != nullptr && any_right && any_wrong(std::span{rows}.first(report.parameters.size()))) {
      add_explanation(explanation, elsewhere->explain());
    }
  });
  report.first_divergence = explanation.first_divergence;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!is_wrong(rows[i]->manual_automatic)) {
      continue;
    }
    if (i < explanation.diagnoses.size() && explanation.diagnoses[i].verdict == Verdict::wrong) {
      rows[i]->diagnosis = explanation.diagnoses[i].text();
    } else if (refusal) {
      rows[i]->diagnosis = fmt::format("{}: no explanation was found, as an operation refuses other values: {}",
                                       rows[i]->name, *refusal);
    }
  }
}

/// The same again at other values of the parameters, where manual gradients can be had there.
void look_twice(Report& report, const ComparedPoint& here, const LossFunction& loss,
                const std::vector<NamedParameter>& parameters, const CompareOptions& options) {
  const RandomizedParameters moved{parameters};
  moved.randomize();
  CompareOptions of_parameters = options;
  of_parameters.manual_of.clear();  // they are of the first point
  of_parameters.intermediates = false;
  std::optional<ComparedPoint> elsewhere;
  try {
    elsewhere.emplace(loss, parameters, of_parameters);
    if (here.has_same_manual(*elsewhere) && !here.has_same_automatic(*elsewhere)) {
      report.manual_source += ", by a function that gives the same at other values of the parameters: taken for values";
      elsewhere.reset();
    }
    for (std::size_t i = 0; i < parameters.size() && elsewhere; ++i) {
      look_elsewhere(report.parameters[i], *elsewhere, i);
    }
  } catch (const std::exception& error) {  // the loss or the formulas may not be defined there
    if (is_for_memory(error)) {
      throw;
    }
    elsewhere.reset();
  } catch (...) {
    elsewhere.reset();
  }
  if (elsewhere && !elsewhere->unfit_for().empty()) {
    elsewhere.reset();
  }
  if (options.diagnose) {
    add_diagnoses(report, here, elsewhere ? &*elsewhere : nullptr);
  }
}

std::string source_of(const CompareOptions& options) {
  if (!options.manual_source.empty()) {
    return options.manual_source;
  }
  const bool none = options.manual.empty() && !options.manual_function && options.manual_of.empty();
  return none ? "none: no manual gradients were given" : "given";
}

}  // namespace

Report compare(const LossFunction& loss_function, const std::vector<NamedParameter>& parameters,
               const CompareOptions& given_options) {
  require_valid(parameters, given_options);
  GuardedLoss guard{loss_function};
  const LossFunction& loss = guard.function();
  CompareOptions options = given_options;
  if (options.manual_function) {
    options.manual_function = guard.guarded(given_options.manual_function);
  }
  ComparedPoint here{loss, parameters, options};
  Report report;
  report.dtype = parameters.front().parameter.dtype();
  report.loss = here.loss();
  report.manual_source = source_of(options);
  const std::vector<std::size_t> positions = here.positions();
  for (std::size_t i = 0; i < here.given().size(); ++i) {
    std::vector<ParameterReport>& rows = i < parameters.size() ? report.parameters : report.tensors;
    rows.push_back(here.examine(i));
    rows.back().place = positions[i];
  }
  report.differences = here.differences();
  if (options.manual_function && options.second_probe) {
    look_twice(report, here, loss, parameters, options);
  } else if (options.diagnose) {
    add_diagnoses(report, here, nullptr);
  }
  std::sort(report.tensors.begin(), report.tensors.end(),
            [](const ParameterReport& a, const ParameterReport& b) { return a.place < b.place; });
  return report;
}

}  // namespace xgrad::check
