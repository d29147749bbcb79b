#pragma once

#include <span>
#include <string>

#include "xgrad/tensor.hpp"

namespace xgrad::autodiff {

/// Why ys that have no derivative by x have none, and what to do, as the end of "y doesn't depend on x": ": 'w' has
/// been set since, …".
[[nodiscard]] std::string why_unconnected(std::span<const Tensor> ys, const Tensor& x);

}  // namespace xgrad::autodiff
