#pragma once

#include "xgrad/solve.hpp"

namespace xgrad::ops {

/// triangular_solve of b with or without an axis of columns. For least squares an error is theirs, and so is a diagonal
/// element that is 0 but for rounding.
[[nodiscard]] Tensor triangular_solution(const Tensor& a, const Tensor& b, const Triangular& which, bool vector,
                                         double tolerance = 0);

}  // namespace xgrad::ops
