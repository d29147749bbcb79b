// Picks the product kernels of the instruction set that settings() names.
#include "run/kernels/product_kernels.hpp"

#include "run/settings.hpp"

namespace xgrad::run {

namespace {

struct Choice {
  const ProductKernels<float>* float32;
  const ProductKernels<double>* float64;
};

Choice choose() {
  if (settings().isa == Isa::avx512) {
    return {&avx512::product_kernels_float32(), &avx512::product_kernels_float64()};
  }
  if (settings().isa == Isa::avx2) {
    return {&avx2::product_kernels_float32(), &avx2::product_kernels_float64()};
  }
  return {&baseline::product_kernels_float32(), &baseline::product_kernels_float64()};
}

const Choice& chosen() {
  static const Choice choice = choose();
  return choice;
}

}  // namespace

template <>
const ProductKernels<float>& product_kernels<float>() {
  return *chosen().float32;
}

template <>
const ProductKernels<double>& product_kernels<double>() {
  return *chosen().float64;
}

}  // namespace xgrad::run
