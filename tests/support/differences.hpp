#pragma once

#include <functional>
#include <vector>

#include "support/values.hpp"

namespace xgrad::test {

/// A number computed from several arrays.
using ScalarFunction = std::function<double(const std::vector<Values>&)>;

/// ∂f/∂x for every element of every input, by the central difference of sixth order
/// (45 (f₊₁ − f₋₁) − 9 (f₊₂ − f₋₂) + (f₊₃ − f₋₃)) / 60 h,   h = 2·10⁻³ max(1, |x|).
/// Kinks must be further away than 3 h.
[[nodiscard]] std::vector<Values> central_gradient(const ScalarFunction& f, const std::vector<Values>& at);

/// The derivative of f along `direction`, by the same rule with h = 2·10⁻³.
[[nodiscard]] double central_derivative(const ScalarFunction& f, const std::vector<Values>& at,
                                        const std::vector<Values>& direction);

}  // namespace xgrad::test
