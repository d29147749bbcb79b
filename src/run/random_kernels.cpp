// Picks the random kernels of the instruction set that isa.cpp chose.
#include "run/kernels/random_kernels.hpp"

#include "run/isa.hpp"

namespace xgrad::run {

const RandomKernels& random_kernels() noexcept {
  static const RandomKernels& chosen = [&]() -> const RandomKernels& {
    if (isa_name() == "avx512") {
      return avx512::random_kernels();
    }
    return isa_name() == "avx2" ? avx2::random_kernels() : baseline::random_kernels();
  }();
  return chosen;
}

}  // namespace xgrad::run
