#include "check/verdict/agreement.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <limits>

namespace xgrad::check {

Tolerance tolerance_of(DType dtype) noexcept {
  if (dtype == float64) {
    return {.epsilon = std::numeric_limits<double>::epsilon(), .relative = 1e-10, .resolution = 1e-2};
  }
  return {.epsilon = static_cast<double>(std::numeric_limits<float>::epsilon()), .relative = 1e-4, .resolution = 1e-1};
}

bool has_kink(const NumericEntry& entry, double share) noexcept {
  const double jump = std::abs(entry.right - entry.left);
  const double size = std::max(std::abs(entry.left), std::abs(entry.right));
  return jump > Tolerance::error_factor * entry.side_error && jump > share * size;
}

bool within_kink(double value, const NumericEntry& entry) noexcept {
  const double slack = Tolerance::error_factor * entry.side_error;
  return value >= std::min(entry.left, entry.right) - slack && value <= std::max(entry.left, entry.right) + slack;
}

}  // namespace xgrad::check
