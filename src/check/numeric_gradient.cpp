#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <functional>
#include <numeric>
#include <set>
#include <utility>

#include "xgrad/check.hpp"
#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/random.hpp"

#include "check/extrapolation.hpp"
#include "check/numeric.hpp"
#include "check/perturbation.hpp"

namespace xgrad::check {
namespace {

/// Steps shrink by a factor that no period of the loss is likely to share.
constexpr double shrink = 1.8;
constexpr int most_rows = 32;
constexpr int kink_rows = 12;
constexpr std::size_t fewest_rows = 4;
constexpr double default_step = 0.25;

void require_valid(const NumericOptions& options) {
  if (!std::isfinite(options.step) || options.step < 0) {
    throw ValueError(
        fmt::format("[numeric_gradient] step is {}, expected a positive number, or 0 for the default", options.step));
  }
  if (options.max_entries < 0 || options.directions < 0) {
    throw ValueError(fmt::format("[numeric_gradient] max_entries is {} and directions {}, expected neither negative",
                                 options.max_entries, options.directions));
  }
}

using Line = std::function<Perturbation::Sample(double)>;

/// The derivative at 0 of the loss along a line: a central and two one-sided tables over the same, shrinking steps.
class Differentiation {
 public:
  /// `noise` and `epsilon`: the loss's rounding noise is the larger of noise and epsilon times the loss.
  Differentiation(const Line& line, double loss, double noise, double epsilon)
      : line_{line}, loss_{loss}, noise_{noise}, epsilon_{epsilon} {}

  /// Steps shrink until rounding is all that is left of the error, or a smaller step would have more rounding than the
  /// error there is.
  [[nodiscard]] NumericEntry run(double first_step) {
    step_ = first_step;
    int rows = 0;
    while (rows < most_rows && !converged() && add_row()) {
      ++rows;
    }
    // One-sided tables converge more slowly. Where their derivatives seem to differ, smaller steps tell a kink, which
    // stays, from an error, which doesn't.
    const int last = std::min(most_rows, rows + kink_rows);
    while (rows < last && sides_differ() && add_row()) {
      ++rows;
    }
    return result();
  }

 private:
  [[nodiscard]] bool converged() const {
    const Extrapolation::Best& best = central_.best();
    return central_.rows() >= fewest_rows && (best.error <= 2 * best.noise || best.error <= slope_noise_);
  }

  [[nodiscard]] bool sides_differ() const {
    const double jump = std::abs(right_.best().value - left_.best().value);
    return jump > 3 * side_error() && slope_noise_ < 1e-2 * jump;
  }

  [[nodiscard]] double side_error() const { return left_.best().error + right_.best().error; }

  /// False where the step is too small for the dtype. A step at which the loss isn't finite starts the tables anew.
  bool add_row() {
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
      return true;
    }
    const double largest = std::max({std::abs(loss_), std::abs(plus.loss), std::abs(minus.loss)});
    slope_noise_ = 2 * std::max(noise_, epsilon_ * largest) / width;
    central_.add(width / 2, slope, slope_noise_);
    right_.add(plus.displacement, (plus.loss - loss_) / plus.displacement, 2 * slope_noise_);
    left_.add(-minus.displacement, (minus.loss - loss_) / minus.displacement, 2 * slope_noise_);
    return true;
  }

  [[nodiscard]] NumericEntry result() const {
    NumericEntry entry;
    entry.value = central_.best().value;
    entry.error = central_.best().error;
    entry.step = central_.best().step;
    entry.left = left_.best().value;
    entry.right = right_.best().value;
    entry.side_error = side_error();
    return entry;
  }

  const Line& line_;
  double loss_;
  double noise_;
  double epsilon_;
  double step_ = 0;
  double slope_noise_ = 0;
  Extrapolation central_{2};
  Extrapolation left_{1};
  Extrapolation right_{1};
};

double step_of(const NumericOptions& options) {
  return options.step > 0 ? options.step : default_step;
}

NumericEntry differentiate_entry(Perturbation& perturbation, std::int64_t index, double noise,
                                 const NumericOptions& options) {
  const double x = perturbation.values()[static_cast<std::size_t>(index)];
  const double step = step_of(options) * std::max(1.0, std::abs(x));
  const Line line = [&](double t) { return perturbation.at_entry(index, t); };
  NumericEntry entry = Differentiation{line, perturbation.loss(), noise, perturbation.epsilon()}.run(step);
  entry.index = index;
  return entry;
}

/// A random unit vector as the parameter's dtype holds it.
Tensor unit_vector(const Shape& shape, DType dtype, Random& random) {
  std::vector<double> values = random.normal(shape, 0, 1, float64).to_vector<double>();
  const double norm = std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0.0));
  std::transform(values.begin(), values.end(), values.begin(), [norm](double v) { return v / norm; });
  if (dtype == float64) {
    return from_vector(values, shape);
  }
  return from_vector(std::vector<float>(values.begin(), values.end()), shape);
}

std::vector<double> as_doubles(const Tensor& tensor) {
  if (tensor.dtype() == float64) {
    return tensor.to_vector<double>();
  }
  const std::span<const float> values = tensor.data<float>();
  return {values.begin(), values.end()};
}

NumericEntry differentiate_direction(Perturbation& perturbation, const Tensor& direction, double noise,
                                     const NumericOptions& options) {
  const std::vector<double> vector = as_doubles(direction);
  const std::span<const double> x = perturbation.values();
  const double mean_square = std::inner_product(x.begin(), x.end(), x.begin(), 0.0) / static_cast<double>(x.size());
  const double step = step_of(options) * std::max(1.0, std::sqrt(mean_square));
  const Line line = [&](double t) { return perturbation.along(vector, t); };
  NumericEntry entry = Differentiation{line, perturbation.loss(), noise, perturbation.epsilon()}.run(step);
  entry.index = -1;
  return entry;
}

/// `count` distinct numbers below `bound`, ascending; any such set is equally likely (R. W. Floyd, "A sample of
/// brilliance", CACM 30, 1987).
std::vector<std::int64_t> sample_indices(std::int64_t bound, std::int64_t count, Random& random) {
  std::set<std::int64_t> chosen;
  for (std::int64_t last = bound - count; last < bound; ++last) {
    const auto drawn = static_cast<std::int64_t>(random.integer(static_cast<std::uint64_t>(last) + 1));
    if (!chosen.insert(drawn).second) {
      chosen.insert(last);
    }
  }
  return {chosen.begin(), chosen.end()};
}

}  // namespace

std::vector<NumericEntry> numeric_entries(const LossFunction& loss, const Parameter& parameter,
                                          std::span<const std::int64_t> indices, const NumericOptions& options) {
  require_valid(options);
  Perturbation perturbation{loss, parameter};
  const double noise = perturbation.noise();
  std::vector<NumericEntry> entries;
  for (const std::int64_t index : indices) {
    entries.push_back(differentiate_entry(perturbation, index, noise, options));
  }
  return entries;
}

NumericGradient numeric_gradient(const LossFunction& loss, const Parameter& parameter, const NumericOptions& options) {
  require_valid(options);
  NumericGradient result;
  result.name = parameter.name();
  const std::int64_t size = parameter.shape().size();
  result.exhaustive = size <= options.max_entries;
  Random random{options.seed};
  std::vector<std::int64_t> indices;
  if (result.exhaustive) {
    indices.resize(static_cast<std::size_t>(size));
    std::iota(indices.begin(), indices.end(), std::int64_t{0});
  } else {
    indices = sample_indices(size, options.max_entries, random);
    for (std::int64_t i = 0; i < options.directions; ++i) {
      result.direction_vectors.push_back(unit_vector(parameter.shape(), parameter.dtype(), random));
    }
  }

  Perturbation perturbation{loss, parameter};
  const double noise = perturbation.noise();
  for (const std::int64_t index : indices) {
    result.entries.push_back(differentiate_entry(perturbation, index, noise, options));
  }
  for (const Tensor& direction : result.direction_vectors) {
    result.directions.push_back(differentiate_direction(perturbation, direction, noise, options));
  }
  return result;
}

std::vector<NumericGradient> numeric_gradient(const LossFunction& loss, const std::vector<NamedParameter>& parameters,
                                              const NumericOptions& options) {
  std::vector<NumericGradient> result;
  for (const NamedParameter& named : parameters) {
    result.push_back(numeric_gradient(loss, named.parameter, options));
    result.back().name = named.name;
  }
  return result;
}

}  // namespace xgrad::check
