#include "run/isa.hpp"

#include <array>
#include <cstdlib>
#include <utility>

namespace xgrad::run {

namespace {

struct Choice {
  const VectorKernels* kernels;
  std::string_view name;
};

Choice choose() noexcept {
  const char* wish = std::getenv("XGRAD_ISA");  // NOLINT(concurrency-mt-unsafe): read once, under a static's guard
  const std::string_view wanted = wish == nullptr ? "" : wish;
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool has_avx512 = has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                          __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  if (wanted == "baseline" || !has_avx2) {
    return {&baseline::vector_kernels(), "baseline"};
  }
  if (wanted == "avx2" || !has_avx512) {
    return {&avx2::vector_kernels(), "avx2"};
  }
  return {&avx512::vector_kernels(), "avx512"};
}

const Choice& chosen() noexcept {
  static const Choice choice = choose();
  return choice;
}

}  // namespace

const VectorKernels& vector_kernels() noexcept {
  return *chosen().kernels;
}

TileKernel scalar_form(TileKernel kernel, unsigned scalars) noexcept {
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

std::string_view isa_name() noexcept {
  return chosen().name;
}

}  // namespace xgrad::run
