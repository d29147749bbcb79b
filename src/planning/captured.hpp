#pragma once

#include <span>
#include <string>
#include <vector>

#include "xgrad/tensor.hpp"

namespace xgrad::planning {

/// What the outputs of a trace take that is neither an argument nor a parameter: tensors and numbers that the function
/// captured, whose values stay what they are at the trace. A line for each, with its name, shape, dtype, first values,
/// and the operation and layer that take it; at most 32 lines, and one that counts the rest.
[[nodiscard]] std::vector<std::string> captured_constants(std::span<const Tensor> outputs);

}  // namespace xgrad::planning
