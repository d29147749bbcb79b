// Picks the plane kernels of the instruction set that settings() names.
#include "run/kernels/plane_kernels.hpp"

#include "run/settings.hpp"

namespace xgrad::run {

namespace {

struct Choice {
  const PlaneKernels<float>* float32;
  const PlaneKernels<double>* float64;
};

Choice choose() {
  if (settings().isa == Isa::avx512) {
    return {&avx512::plane_kernels_float32(), &avx512::plane_kernels_float64()};
  }
  if (settings().isa == Isa::avx2) {
    return {&avx2::plane_kernels_float32(), &avx2::plane_kernels_float64()};
  }
  return {&baseline::plane_kernels_float32(), &baseline::plane_kernels_float64()};
}

const Choice& chosen() {
  static const Choice choice = choose();
  return choice;
}

}  // namespace

template <>
const PlaneKernels<float>& plane_kernels<float>() {
  return *chosen().float32;
}

template <>
const PlaneKernels<double>& plane_kernels<double>() {
  return *chosen().float64;
}

}  // namespace xgrad::run
