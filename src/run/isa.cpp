#include "run/isa.hpp"

#include <array>
#include <utility>

#include "run/settings.hpp"

namespace xgrad::run {

namespace {

const VectorKernels& choose() {
  switch (settings().isa) {
    case Isa::avx512:
      return avx512::vector_kernels();
    case Isa::avx2:
      return avx2::vector_kernels();
    case Isa::baseline:
      break;
  }
  return baseline::vector_kernels();
}

}  // namespace

const VectorKernels& vector_kernels() {
  static const VectorKernels& chosen = choose();
  return chosen;
}

TileKernel scalar_form(TileKernel kernel, unsigned scalars) {
  if (scalars >= VectorKernels::scalar_masks) {
    return nullptr;
  }
  const VectorKernels& all = vector_kernels();
  const std::array forms{
      std::pair{&all.add, &all.add_scalars[scalars]},
      std::pair{&all.sub, &all.sub_scalars[scalars]},
      std::pair{&all.mul, &all.mul_scalars[scalars]},
      std::pair{&all.div, &all.div_scalars[scalars]},
      std::pair{&all.add_product, &all.add_product_scalars[scalars]},
      std::pair{&all.sub_product, &all.sub_product_scalars[scalars]},
  };
  for (const auto& [plain, form] : forms) {
    if (kernel == plain->float32) {
      return form->float32;
    }
    if (kernel == plain->float64) {
      return form->float64;
    }
  }
  return nullptr;
}

}  // namespace xgrad::run
