#pragma once

#include <vector>

#include "xgrad/tensor.hpp"

namespace xgrad::check {

/// The elements of a tensor of any floating dtype, row-major. Evaluates.
[[nodiscard]] std::vector<double> as_doubles(const Tensor& tensor);

}  // namespace xgrad::check
