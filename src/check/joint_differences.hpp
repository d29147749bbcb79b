#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "xgrad/check.hpp"

#include "check/differences/perturbation.hpp"
#include "check/verdict/agreement.hpp"

namespace xgrad::check {

/// Differences of the loss along random directions of all parameters at once, which tell as much of an automatic
/// gradient as a few evaluations can: for networks in which every parameter's own would take too many.
class JointDifferences {
 public:
  /// `automatic` has a gradient per parameter, and perhaps others after them. `operations` are behind the loss. At
  /// least two directions are taken, more as the options' budget allows.
  JointDifferences(const LossFunction& loss_function, const std::vector<NamedParameter>& parameters,
                   const std::vector<std::vector<double>>& automatic, double loss, double operations,
                   const NumericOptions& options);

  /// How many operations differences of each parameter on its own take.
  [[nodiscard]] static double operations_one_by_one(const std::vector<NamedParameter>& parameters, double operations,
                                                    const NumericOptions& options);

  /// The comparison of all parameters together.
  [[nodiscard]] const Agreement& agreement() const noexcept { return agreement_; }
  /// The derivatives along the direction that decided it.
  [[nodiscard]] double automatic() const noexcept { return automatic_; }
  [[nodiscard]] const NumericEntry& numerical() const noexcept { return numerical_; }
  /// Of the loss; see Perturbation::noise().
  [[nodiscard]] double noise() const noexcept { return noise_; }
  /// If the two disagree: a parameter whose gradient alone does, found by halving.
  [[nodiscard]] std::size_t blamed() const noexcept { return blamed_; }
  /// "along 3 random directions of all 40000 parameters at once, as …".
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  struct Range {
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  [[nodiscard]] Agreement compare(const std::vector<std::vector<double>>& directions, Range entries);
  void blame(std::vector<double> direction);

  NumericOptions options_;
  double loss_;
  Tolerance tolerance_;
  std::vector<std::size_t> which_;  // of the parameters: those with a cell of their own
  std::vector<std::size_t> first_;  // of their entries, and the end
  std::vector<double> gradient_;
  std::unique_ptr<Perturbation> perturbation_;  // while parameters are displaced
  double noise_;
  NumericGradient differences_;  // of the last comparison
  std::vector<double> along_;    // the automatic gradient, likewise
  Agreement agreement_;
  double automatic_ = 0;
  NumericEntry numerical_;
  std::size_t blamed_ = 0;
  std::string text_;
};

}  // namespace xgrad::check
