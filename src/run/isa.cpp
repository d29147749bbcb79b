#include "run/isa.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>

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

bool is_vector_kernel(TileKernel kernel) noexcept {
  constexpr std::size_t count = sizeof(VectorKernels) / sizeof(VectorKernel);
  static const auto all = std::bit_cast<std::array<VectorKernel, count>>(vector_kernels());
  return std::any_of(all.begin(), all.end(), [kernel](const VectorKernel& known) {
    return known.float32 == kernel || known.float64 == kernel;
  });
}

std::string_view isa_name() noexcept {
  return chosen().name;
}

}  // namespace xgrad::run
