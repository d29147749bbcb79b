// Picks the row kernels of the instruction set that settings() names.
#include "run/kernels/row_kernels.hpp"

#include "run/settings.hpp"

namespace xgrad::run {

namespace {

struct Choice {
  const RowKernels<float>* float32;
  const RowKernels<double>* float64;
};

Choice choose() {
  if (settings().isa == Isa::avx512) {
    return {&avx512::row_kernels_float32(), &avx512::row_kernels_float64()};
  }
  if (settings().isa == Isa::avx2) {
    return {&avx2::row_kernels_float32(), &avx2::row_kernels_float64()};
  }
  return {&baseline::row_kernels_float32(), &baseline::row_kernels_float64()};
}

const Choice& chosen() {
  static const Choice choice = choose();
  return choice;
}

}  // namespace

template <>
const RowKernels<float>& row_kernels<float>() {
  return *chosen().float32;
}

template <>
const RowKernels<double>& row_kernels<double>() {
  return *chosen().float64;
}

}  // namespace xgrad::run
