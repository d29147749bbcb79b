// min ‖A X − B‖, A of full rank. m ≥ n: A = Q R, X = R⁻¹ QᵀB. m < n: Aᵀ = Q R, X = Q R⁻ᵀ B, the shortest. The
// derivative is that of these operations.
#include <algorithm>
#include <array>
#include <limits>

#include "xgrad/decompositions.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/solve.hpp"

#include "ops/decompositions/matrices.hpp"
#include "ops/decompositions/triangular.hpp"
#include "ops/rules.hpp"

namespace xgrad {

Tensor lstsq(const Tensor& a, const Tensor& b) {
  static_cast<void>(ops::require_matrix("lstsq", a));
  static_cast<void>(ops::require_floating("lstsq", std::array{a, ops::require_defined("lstsq", b)}));
  const bool vector = b.rank() == 1;
  static_cast<void>(ops::solution_shape("lstsq", a, b, vector));
  const double epsilon = a.dtype() == float32 ? static_cast<double>(std::numeric_limits<float>::epsilon())
                                              : std::numeric_limits<double>::epsilon();
  const double tolerance = static_cast<double>(std::max({a.dim(-2), a.dim(-1), std::int64_t{1}})) * epsilon;
  if (a.dim(-2) >= a.dim(-1)) {
    const auto [q, r] = qr(a);
    return ops::triangular_solution(r, ops::times(q, true, b, vector), {}, vector, tolerance);
  }
  const auto [q, r] = qr(transpose(a));
  const Tensor shortest = ops::triangular_solution(r, b, {.transposed = true}, vector, tolerance);
  return ops::times(q, false, shortest, vector);
}

}  // namespace xgrad
