#pragma once

#include <cstddef>
#include <limits>
#include <vector>

namespace xgrad::check {

/// The limit at step 0 of values D(h) = D(0) + c₁ h^p + c₂ h^2p + …, by Neville's scheme with Ridders' error estimate
/// (C. J. F. Ridders, "Accurate computation of F′(x) and F′(x)F″(x)", Advances in Engineering Software 4, 1982).
///
/// Row i of the table holds T(i,0) = D(h_i) and
///   T(i,j) = T(i,j−1) + (T(i,j−1) − T(i−1,j−1)) / ((h_(i−j) / h_i)^p − 1).
/// The error of T(i,j), j ≥ 1, is estimated as max(|T(i,j) − T(i,j−1)|, |T(i,j) − T(i−1,j−1)|), and the rounding of the
/// D(h_i) is carried through the same formula as a bound. The best entry is the one whose two errors add up to least.
class Extrapolation {
 public:
  struct Best {
    double value = std::numeric_limits<double>::quiet_NaN();
    double error = std::numeric_limits<double>::infinity();  ///< truncation + noise
    double noise = 0;                                        ///< its share that is rounding
    double step = 0;
  };

  /// `power` is p: 2 for central differences, 1 for one-sided ones.
  explicit Extrapolation(int power) noexcept : power_{power} {}

  /// Adds a row; steps must shrink. `noise` bounds the rounding error of `value`.
  void add(double step, double value, double noise);
  [[nodiscard]] std::size_t rows() const noexcept { return steps_.size(); }
  [[nodiscard]] const Best& best() const noexcept { return best_; }
  /// The best entry of the last row.
  [[nodiscard]] const Best& last_row() const noexcept { return last_row_; }

 private:
  int power_;
  std::vector<double> steps_;
  std::vector<double> row_;  ///< the last row
  std::vector<double> row_noise_;
  Best best_;
  Best last_row_;
};

}  // namespace xgrad::check
