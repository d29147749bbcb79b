#pragma once

#include <functional>
#include <vector>

#include "xgrad/check.hpp"

#include "check/differences/extrapolation.hpp"
#include "check/differences/perturbation.hpp"

namespace xgrad::check {

/// The loss displaced by t along a line.
using LossAlongLine = std::function<Perturbation::Sample(double)>;

/// The derivative at 0 of the loss along a line: a central and two one-sided tables over the same, shrinking steps.
class Differentiation {
 public:
  /// `noise` and `epsilon`: the loss's rounding noise is the larger of noise and epsilon times the loss.
  Differentiation(const LossAlongLine& line, double loss, double noise, double epsilon)
      : line_{line}, loss_{loss}, noise_{noise}, epsilon_{epsilon} {}

  /// Steps shrink until rounding is all that is left of the error, or a smaller step would have more rounding than the
  /// error there is.
  [[nodiscard]] NumericEntry run(double first_step);

 private:
  [[nodiscard]] bool converged() const;
  [[nodiscard]] bool sides_differ() const;
  [[nodiscard]] double side_error() const;
  [[nodiscard]] bool kink_confirmed() const;
  bool add_row();
  [[nodiscard]] NumericEntry result() const;

  const LossAlongLine& line_;
  double loss_;
  double noise_;
  double epsilon_;
  double step_ = 0;
  double slope_noise_ = 0;
  double contradiction_ = 0;  ///< how far a later row was from the best entry, beyond both errors
  Extrapolation central_{2};
  Extrapolation left_{1};
  Extrapolation right_{1};
  std::vector<double> slope_jumps_;  ///< right − left, before extrapolation, per row
};

}  // namespace xgrad::check
