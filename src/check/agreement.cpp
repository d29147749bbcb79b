#include "check/agreement.hpp"

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

double norm(std::span<const double> values) noexcept {
  double largest = 0;
  for (const double v : values) {
    largest = larger(largest, std::abs(v));
  }
  if (largest == 0 || !std::isfinite(largest)) {
    return largest;
  }
  double sum = 0;
  for (const double v : values) {
    sum += (v / largest) * (v / largest);
  }
  return largest * std::sqrt(sum);
}

double larger(double a, double b) noexcept {
  return std::isnan(a) || b <= a ? a : b;
}

std::vector<std::int64_t> unravel(std::int64_t flat, const Shape& shape) {
  std::vector<std::int64_t> index(shape.rank());
  for (std::size_t axis = shape.rank(); axis-- > 0;) {
    index[axis] = flat % shape[axis];
    flat /= shape[axis];
  }
  return index;
}

std::string index_text(std::span<const std::int64_t> index) {
  return index.size() == 1 ? fmt::format("({},)", index[0]) : fmt::format("({})", fmt::join(index, ", "));
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
