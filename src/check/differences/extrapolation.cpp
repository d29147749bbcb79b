#include "check/differences/extrapolation.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace xgrad::check {

void Extrapolation::add(double step, double value, double noise) {
  steps_.push_back(step);
  std::vector<double> row{value};
  std::vector<double> row_noise{noise};
  last_row_ = {.value = value, .noise = noise, .step = step};
  for (std::size_t j = 1; j < steps_.size(); ++j) {
    const double ratio = steps_[steps_.size() - 1 - j] / step;
    const double weight = 1.0 / (std::pow(ratio, power_) - 1.0);
    const double previous = row[j - 1];
    const double above = row_[j - 1];
    const double entry = previous + (previous - above) * weight;
    const double entry_noise = (1 + weight) * row_noise[j - 1] + weight * row_noise_[j - 1];
    const double truncation = std::max(std::abs(entry - previous), std::abs(entry - above));
    if (truncation + entry_noise < last_row_.error) {
      last_row_ = {.value = entry, .error = truncation + entry_noise, .noise = entry_noise, .step = step};
    }
    row.push_back(entry);
    row_noise.push_back(entry_noise);
  }
  if (steps_.size() == 1 || last_row_.error < best_.error) {
    best_ = last_row_;
  }
  row_ = std::move(row);
  row_noise_ = std::move(row_noise);
}

}  // namespace xgrad::check
