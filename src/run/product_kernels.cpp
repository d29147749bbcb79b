// Picks the product kernels of the instruction set that isa.cpp chose.
#include "run/kernels/product_kernels.hpp"

#include "run/isa.hpp"

namespace xgrad::run {

namespace {

struct Choice {
  const ProductKernels<float>* float32;
  const ProductKernels<double>* float64;
};

Choice choose() noexcept {
  if (isa_name() == "avx512") {
    return {&avx512::product_kernels_float32(), &avx512::product_kernels_float64()};
  }
  if (isa_name() == "avx2") {
    return {&avx2::product_kernels_float32(), &avx2::product_kernels_float64()};
  }
  return {&baseline::product_kernels_float32(), &baseline::product_kernels_float64()};
}

const Choice& chosen() noexcept {
  static const Choice choice = choose();
  return choice;
}

}  // namespace

template <>
const ProductKernels<float>& product_kernels<float>() noexcept {
  return *chosen().float32;
}

template <>
const ProductKernels<double>& product_kernels<double>() noexcept {
  return *chosen().float64;
}

}  // namespace xgrad::run
