#include "check/diagnosis/values.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "check/verdict/agreement.hpp"

namespace xgrad::check::diagnosis {

double dot(const Values& a, const Values& b) noexcept {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

double length(const Values& a) noexcept {
  return std::sqrt(dot(a, a));
}

Values difference(const Values& a, const Values& b) {
  Values result(a.size());
  std::transform(a.begin(), a.end(), b.begin(), result.begin(), std::minus<>{});
  return result;
}

bool is_finite(const Values& values) noexcept {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

double residual(const Values& a, const Values& b) {
  const bool comparable = a.size() == b.size();
  if (!comparable) {
    return std::numeric_limits<double>::infinity();
  }
  double squares_a = 0;
  double squares_b = 0;
  double squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isfinite(a[i]) && std::isfinite(b[i])) {
      squares_a += a[i] * a[i];
      squares_b += b[i] * b[i];
      squares += (a[i] - b[i]) * (a[i] - b[i]);
    } else if (a[i] != b[i] && !(std::isnan(a[i]) && std::isnan(b[i]))) {
      return std::numeric_limits<double>::infinity();
    }
  }
  if (!std::isfinite(squares_a + squares_b) || squares_a + squares_b < std::numeric_limits<double>::min()) {
    // Once more, without overflow and underflow.
    Values finite_a;
    Values finite_b;
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (std::isfinite(a[i]) && std::isfinite(b[i])) {
        finite_a.push_back(a[i]);
        finite_b.push_back(b[i]);
      }
    }
    const double size = larger(norm(finite_a), norm(finite_b));
    return size == 0 ? 0 : norm(difference(finite_a, finite_b)) / size;
  }
  return std::sqrt(squares / std::max(squares_a, squares_b));
}

}  // namespace xgrad::check::diagnosis
