// Picks the row kernels of the instruction set that isa.cpp chose.
#include "run/kernels/row_kernels.hpp"

#include "run/isa.hpp"

namespace xgrad::run {

namespace {

struct Choice {
  const RowKernels<float>* float32;
  const RowKernels<double>* float64;
};

Choice choose() noexcept {
  if (isa_name() == "avx512") {
    return {&avx512::row_kernels_float32(), &avx512::row_kernels_float64()};
  }
  if (isa_name() == "avx2") {
    return {&avx2::row_kernels_float32(), &avx2::row_kernels_float64()};
  }
  return {&baseline::row_kernels_float32(), &baseline::row_kernels_float64()};
}

const Choice& chosen() noexcept {
  static const Choice choice = choose();
  return choice;
}

}  // namespace

template <>
const RowKernels<float>& row_kernels<float>() noexcept {
  return *chosen().float32;
}

template <>
const RowKernels<double>& row_kernels<double>() noexcept {
  return *chosen().float64;
}

}  // namespace xgrad::run
