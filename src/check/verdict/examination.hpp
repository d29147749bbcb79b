#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "xgrad/check.hpp"

#include "check/verdict/agreement.hpp"
#include "check/verdict/automatic.hpp"
#include "check/verdict/rounding.hpp"

namespace xgrad::check {

/// The three gradients of one parameter on their way to a verdict.
class Examination {
 public:
  /// `automatic` is of several; this is of the i-th. All but the manual gradient, which may be undefined, must live as
  /// long as this.
  Examination(const LossFunction& loss_function, const NamedParameter& named, const NumericOptions& options,
              const Tensor& manual, const Automatic& automatic, std::size_t i);

  [[nodiscard]] ParameterReport run();

  /// Differences that were taken already: the verdict, and both derivatives along the direction that decided it.
  struct TakenDifferences {
    Agreement agreement;
    double automatic = 0;
    NumericEntry numerical = {};
    std::optional<double> noise = std::nullopt;  ///< of the loss, if it is known
  };
  /// With these instead of differences in the parameter alone, which are taken only where the manual gradient is
  /// wrong, and only if `closely`.
  [[nodiscard]] ParameterReport run_with(TakenDifferences taken, bool closely);

 private:
  [[nodiscard]] std::vector<double> along_directions(const std::vector<double>& gradient) const;
  [[nodiscard]] bool is_rounding_of_loss(double deviation, double step);
  [[nodiscard]] const NumericEntry& numeric_at(std::int64_t index);
  [[nodiscard]] std::optional<NearbyDerivatives> jump_at(std::int64_t index, std::span<const double> direction,
                                                         double deviation);
  [[nodiscard]] bool jumps_between(std::int64_t index);
  void examine_suspects(Agreement& agreement, const Agreement& with_differences);
  [[nodiscard]] std::string blame(double manual, double automatic, const NumericEntry& entry) const;
  [[nodiscard]] ParameterReport report(Agreement& with_manual, Agreement& with_differences);
  static void fill(ParameterReport& report, double manual, double automatic, const NumericEntry& numerical);

  const LossFunction& loss_function_;
  const NamedParameter& named_;
  const NumericOptions& options_;
  bool has_manual_;
  std::vector<double> manual_;  ///< empty without a manual gradient
  const std::vector<double>& automatic_;
  const Rounding& rounding_;
  bool exercised_;  ///< whether the loss's graph reaches the parameter
  double loss_;
  Shape shape_;
  Tolerance tolerance_;
  NumericGradient numerical_;
  std::vector<NumericEntry> extra_;
  std::vector<std::vector<double>> directions_;
  std::optional<TakenDifferences> taken_;
  bool closely_ = true;
  std::optional<ValueRounding> loss_rounding_;
};

}  // namespace xgrad::check
