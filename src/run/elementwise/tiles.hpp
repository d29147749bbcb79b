#pragma once

#include <span>

#include "xgrad/operation.hpp"

namespace xgrad::run {

/// Runs a tile kernel over all elements of the output in cache-sized tiles; inputs broadcast to the output's shape.
/// The output may be the memory of an input of the same shape.
void run_tiles(const Operation& operation, TileKernel kernel, std::span<const ConstArray> inputs, const Array& output);

/// The operation's tile kernel for these inputs and result. Throws ValueError that names the operation if it has none.
[[nodiscard]] TileKernel tile_of(const ElementwiseOperation& operation, std::span<const DType> inputs, DType output);

/// The tile kernel that copies its input.
[[nodiscard]] TileKernel copy_tile(DType dtype) noexcept;

}  // namespace xgrad::run
