#pragma once

#include <cstddef>

#include "xgrad/tensor.hpp"

namespace xgrad::ops {

/// e^x / Σ e^x over the neighbouring axes [first, last).
[[nodiscard]] Tensor softmax_over(const Tensor& x, std::size_t first, std::size_t last);

}  // namespace xgrad::ops
