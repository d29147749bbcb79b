#include "check/entries/entries.hpp"

#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace xgrad::check {

std::vector<double> as_doubles(const Tensor& tensor) {
  if (tensor.dtype() == float64) {
    return tensor.to_vector<double>();
  }
  const std::span<const float> values = tensor.data<float>();
  return {values.begin(), values.end()};
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

}  // namespace xgrad::check
