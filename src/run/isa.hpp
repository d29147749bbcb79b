#pragma once

#include "xgrad/dtype.hpp"

#include "run/kernels/vector_kernels.hpp"

namespace xgrad::run {

/// The kernels for the instructions that settings() names, which throws what these throw.
[[nodiscard]] const VectorKernels& vector_kernels();

/// The tile kernel of this machine for a floating dtype.
[[nodiscard]] inline TileKernel vector_tile(VectorKernel VectorKernels::*kernel, DType dtype) {
  const VectorKernel& pair = vector_kernels().*kernel;
  return dtype == DType::float32 ? pair.float32 : pair.float64;
}

/// The kernel of the same dtype that takes one element for the whole tile where `scalars` has a bit; null if there is
/// none. `kernel` is one of this machine's.
[[nodiscard]] TileKernel scalar_form(TileKernel kernel, unsigned scalars);

}  // namespace xgrad::run
