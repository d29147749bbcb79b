#pragma once

#include <string_view>

#include "xgrad/tensor.hpp"

namespace xgrad::optim {

/// Throws ValueError unless low ≤ value < high and value is finite.
void require_in(std::string_view optimizer, std::string_view option, double value, double low, double high);

/// g + λ W, or g for λ = 0.
[[nodiscard]] Tensor with_decay(const Tensor& gradient, const Tensor& value, double weight_decay);

}  // namespace xgrad::optim
