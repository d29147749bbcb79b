#pragma once

#include <span>

#include "xgrad/operation.hpp"

namespace xgrad::run {

/// Runs a tile kernel over all elements of the output in cache-sized tiles; inputs broadcast to the output's shape.
/// The output may be the memory of an input of the same shape.
void run_tiles(const Operation& operation, TileKernel kernel, std::span<const ConstArray> inputs, const Array& output);

/// The tile kernel that copies its input.
[[nodiscard]] TileKernel copy_tile(DType dtype) noexcept;

}  // namespace xgrad::run
