#pragma once

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "xgrad/check.hpp"

namespace xgrad::check {

/// The loss as a function of one parameter's values, which it displaces. The parameter has its tensor back when this
/// ends, however it ends.
class Perturbation {
 public:
  struct Sample {
    double displacement = 0;  ///< as the dtype could hold it
    double loss = 0;
  };

  /// Evaluates the loss once. Throws ShapeError unless it is a scalar, DTypeError unless it is floating, ValueError
  /// unless it is finite.
  Perturbation(const LossFunction& loss, const Parameter& parameter);
  Perturbation(const Perturbation&) = delete;
  Perturbation& operator=(const Perturbation&) = delete;
  ~Perturbation();

  /// The loss with one entry, given by its flat index, moved by t.
  [[nodiscard]] Sample at_entry(std::int64_t index, double t);
  /// The loss with all values moved by t times the direction.
  [[nodiscard]] Sample along(std::span<const double> direction, double t);

  /// The loss at the values themselves.
  [[nodiscard]] double loss() const noexcept { return loss_here_; }
  [[nodiscard]] std::span<const double> values() const noexcept { return values_; }
  /// The larger machine epsilon of the parameter's and the loss's dtype.
  [[nodiscard]] double epsilon() const noexcept { return epsilon_; }
  /// Three standard deviations of the loss's rounding noise, from differences of high order over displacements of a few
  /// units in the last place (R. W. Hamming, "Introduction to Applied Numerical Analysis", 1971; J. J. Moré and S. M.
  /// Wild, "Estimating computational noise", SIAM J. Sci. Comput. 33, 2011).
  [[nodiscard]] double noise();

 private:
  [[nodiscard]] double evaluate();
  /// Puts the working values into the parameter.
  void apply();

  const LossFunction& loss_function_;
  Parameter parameter_;
  Tensor original_;
  std::vector<double> values_;
  std::variant<std::vector<float>, std::vector<double>> working_;
  double epsilon_ = 0;
  double loss_here_ = 0;
};

}  // namespace xgrad::check
