#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "xgrad/check.hpp"

namespace xgrad::check {

/// The loss as a function of the values of one parameter or of several, one after the other, which it displaces. The
/// parameters have their tensors back when this ends, however it ends.
class Perturbation {
 public:
  struct Sample {
    double displacement = 0;  ///< as the dtype could hold it
    double loss = 0;
  };

  /// Evaluates the loss once. Throws ShapeError unless it is a scalar, DTypeError unless it is floating, ValueError
  /// unless it is finite.
  Perturbation(const LossFunction& loss, std::vector<Parameter> parameters);
  Perturbation(const LossFunction& loss, const Parameter& parameter)
      : Perturbation{loss, std::vector<Parameter>{parameter}} {}
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
  /// The largest machine epsilon of the parameters' and the loss's dtypes.
  [[nodiscard]] double epsilon() const noexcept { return epsilon_; }
  /// Three standard deviations of the loss's rounding noise, from differences of high order over displacements of a few
  /// units in the last place (R. W. Hamming, "Introduction to Applied Numerical Analysis", 1971; J. J. Moré and S. M.
  /// Wild, "Estimating computational noise", SIAM J. Sci. Comput. 33, 2011).
  [[nodiscard]] double noise();

 private:
  struct Part {
    Parameter parameter;
    Tensor original;
    std::size_t first;  ///< of its values
    std::size_t size;
  };

  [[nodiscard]] double evaluate();
  /// Puts its values, as displaced, into the parameter, and tells how it holds the value of the given number.
  template <class Displaced>
  double set(const Part& part, const Displaced& displaced, std::size_t told) const;

  const LossFunction& loss_function_;
  std::vector<Part> parts_;
  std::vector<double> values_;
  double epsilon_ = 0;
  double loss_here_ = 0;
};

}  // namespace xgrad::check
