#pragma once

#include <cstdint>
#include <memory>

#include "xgrad/operation.hpp"

#include "ops/index/range.hpp"

/// The built-in operations that rules put into formulas and plans, as objects. Each is defined in its own file.
namespace xgrad::ops {

using OperationPointer = std::shared_ptr<const Operation>;

[[nodiscard]] const OperationPointer& equal_operation();
[[nodiscard]] const OperationPointer& greater_operation();
[[nodiscard]] const OperationPointer& relu_operation();
[[nodiscard]] const OperationPointer& sigmoid_operation();
[[nodiscard]] const OperationPointer& softplus_operation();
[[nodiscard]] const OperationPointer& tanh_operation();
[[nodiscard]] OperationPointer clip_operation(double low, double high);
[[nodiscard]] OperationPointer slice_operation(const Range& range, std::size_t axis);
[[nodiscard]] OperationPointer softmax_operation(std::int64_t axis);

}  // namespace xgrad::ops
