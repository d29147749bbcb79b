#include "check/differences/differentiation.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace xgrad::check {
namespace {

/// Steps shrink by a factor that no period of the loss is likely to share.
constexpr double shrink = 1.8;
constexpr int most_rows = 32;
constexpr int kink_rows = 12;
constexpr int confirming_rows = 2;
constexpr double chance = 1e-6;
constexpr std::size_t fewest_rows = 4;

}  // namespace

NumericEntry Differentiation::run(double first_step) {
  step_ = first_step;
  int rows = 0;
  while (rows < most_rows && !converged() && add_row()) {
    ++rows;
  }
  // The larger the error against the value, the more likely is an estimate that is small by chance; later rows show
  // it.
  for (int i = 0; i < confirming_rows && central_.best().error > chance * std::abs(central_.best().value); ++i) {
    if (!add_row()) {
      break;
    }
    ++rows;
    const double deviation = std::abs(central_.last_row().value - central_.best().value);
    if (deviation > central_.last_row().error + central_.best().error) {
      contradiction_ = std::max(contradiction_, deviation);
    }
  }
  // One-sided tables converge more slowly. Where their derivatives seem to differ, smaller steps tell a kink, which
  // stays, from an error, which doesn't.
  const int last = std::min(most_rows, rows + kink_rows);
  while (rows < last && sides_differ() && add_row()) {
    ++rows;
  }
  return result();
}

bool Differentiation::converged() const {
  const Extrapolation::Best& best = central_.best();
  return central_.rows() >= fewest_rows && (best.error <= 2 * best.noise || best.error <= slope_noise_);
}

bool Differentiation::sides_differ() const {
  const double jump = std::abs(right_.best().value - left_.best().value);
  return jump > 3 * side_error() && slope_noise_ < 1e-2 * jump;
}

double Differentiation::side_error() const {
  return left_.best().error + right_.best().error;
}

/// Whether the one-sided slopes of the last steps differ as the extrapolated ones do. At a kink they stay apart; at a
/// smooth point they come together in proportion to the step.
bool Differentiation::kink_confirmed() const {
  constexpr std::size_t apart = 3;
  if (slope_jumps_.size() < apart) {
    return false;
  }
  const double jump = right_.best().value - left_.best().value;
  const double last = slope_jumps_.back();
  const double earlier = slope_jumps_[slope_jumps_.size() - apart];
  return std::abs(last - jump) <= 0.5 * std::abs(jump) && std::abs(last - earlier) <= 0.25 * std::abs(last);
}

/// False where the step is too small for the dtype. A step at which the loss isn't finite starts the tables anew.
bool Differentiation::add_row() {
  const double step = std::exchange(step_, step_ / shrink);
  const Perturbation::Sample plus = line_(step);
  const Perturbation::Sample minus = line_(-step);
  if (plus.displacement <= 0 || minus.displacement >= 0) {
    return false;
  }
  const double width = plus.displacement - minus.displacement;
  const double slope = (plus.loss - minus.loss) / width;
  if (!std::isfinite(slope)) {
    central_ = Extrapolation{2};
    left_ = Extrapolation{1};
    right_ = Extrapolation{1};
    slope_jumps_.clear();
    return true;
  }
  const double largest = std::max({std::abs(loss_), std::abs(plus.loss), std::abs(minus.loss)});
  slope_noise_ = 2 * std::max(noise_, epsilon_ * largest) / width;
  central_.add(width / 2, slope, slope_noise_);
  const double right = (plus.loss - loss_) / plus.displacement;
  const double left = (minus.loss - loss_) / minus.displacement;
  right_.add(plus.displacement, right, 2 * slope_noise_);
  left_.add(-minus.displacement, left, 2 * slope_noise_);
  slope_jumps_.push_back(right - left);
  return true;
}

NumericEntry Differentiation::result() const {
  NumericEntry entry;
  entry.value = central_.best().value;
  entry.error = std::max(central_.best().error, contradiction_);
  entry.step = central_.best().step;
  entry.left = left_.best().value;
  entry.right = right_.best().value;
  entry.side_error = side_error();
  if (!kink_confirmed()) {
    entry.side_error = std::max(entry.side_error, std::abs(entry.right - entry.left));
  }
  return entry;
}

}  // namespace xgrad::check
