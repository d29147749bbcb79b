#pragma once

#include <type_traits>

// xsimd, in a namespace of its own per instruction set: xsimd::… below is xsimd_avx2::… and so on. The same inline
// function compiled for two sets would otherwise be one symbol, of which the linker keeps either: code for AVX-512
// would run on machines without it. Include xsimd through this header, and only in files compiled per instruction set.
#define XGRAD_PASTE_EXPANDED(a, b) a##b
#define XGRAD_PASTE(a, b) XGRAD_PASTE_EXPANDED(a, b)
#define xsimd XGRAD_PASTE(xsimd_, XGRAD_ISA)
#include <xsimd/xsimd.hpp>

namespace xgrad::run::XGRAD_ISA {

// xsimd's AVX-512BW adds 8 and 16 bit integers to AVX-512DQ, and doesn't compile without optimisation.
#if defined(__AVX512BW__)
using Arch = xsimd::avx512dq;
#else
using Arch = xsimd::default_arch;
#endif

template <class T>
using Batch = xsimd::batch<T, Arch>;

}  // namespace xgrad::run::XGRAD_ISA
