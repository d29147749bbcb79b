#include "run/kernels/product_kernels.hpp"

#include "run/kernels/product_tiles.hpp"

// This file is compiled once per instruction set, with XGRAD_ISA naming the namespace; see isa_xsimd.hpp.
namespace xgrad::run::XGRAD_ISA {

namespace {

template <class T>
constexpr ProductKernels<T> kernels{small_product<T>, dot_tiles<T>, panel_tiles<T>, outer_product<T>, vector_update<T>};

}  // namespace

const ProductKernels<float>& product_kernels_float32() noexcept {
  return kernels<float>;
}

const ProductKernels<double>& product_kernels_float64() noexcept {
  return kernels<double>;
}

}  // namespace xgrad::run::XGRAD_ISA
