// Picks the random kernels of the instruction set that settings() names.
#include "run/kernels/random_kernels.hpp"

#include "run/settings.hpp"

namespace xgrad::run {

const RandomKernels& random_kernels() {
  static const RandomKernels& chosen = [&]() -> const RandomKernels& {
    if (settings().isa == Isa::avx512) {
      return avx512::random_kernels();
    }
    return settings().isa == Isa::avx2 ? avx2::random_kernels() : baseline::random_kernels();
  }();
  return chosen;
}

}  // namespace xgrad::run
