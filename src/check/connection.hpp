#pragma once

#include <vector>

#include "xgrad/tensor.hpp"

namespace xgrad::check {

/// Whether each of the tensors has a way to the loss that derivatives take.
[[nodiscard]] std::vector<bool> connected(const Tensor& loss, const std::vector<Tensor>& tensors);

}  // namespace xgrad::check
