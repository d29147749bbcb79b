#pragma once

#include <string_view>

#include "xgrad/dtype.hpp"

#include "run/kernels/vector_kernels.hpp"

namespace xgrad::run {

/// The kernels for this machine: AVX-512 (F, DQ, BW, VL), AVX2 with FMA, or baseline x86-64. The environment variable
/// XGRAD_ISA = baseline, avx2 or avx512, read once, picks a narrower set; one that the machine lacks is ignored.
[[nodiscard]] const VectorKernels& vector_kernels() noexcept;
[[nodiscard]] std::string_view isa_name() noexcept;

/// The tile kernel of this machine for a floating dtype.
[[nodiscard]] inline TileKernel vector_tile(VectorKernel VectorKernels::*kernel, DType dtype) noexcept {
  const VectorKernel& pair = vector_kernels().*kernel;
  return dtype == DType::float32 ? pair.float32 : pair.float64;
}

/// The kernel of the same dtype that takes one element for the whole tile where `scalars` has a bit; null if there is
/// none. `kernel` is one of this machine's.
[[nodiscard]] TileKernel scalar_form(TileKernel kernel, unsigned scalars) noexcept;

}  // namespace xgrad::run
