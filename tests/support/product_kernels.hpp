#pragma once

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "run/kernels/product_kernels.hpp"
#include "support/vector_kernels.hpp"

namespace xgrad::test {

/// The product kernels of every instruction set that this machine can run, by name.
template <class T>
std::vector<std::pair<std::string, const run::ProductKernels<T>*>> product_kernel_sets() {
  const auto pick = [](const auto& float32, const auto& float64) {
    if constexpr (std::is_same_v<T, float>) {
      static_cast<void>(float64);
      return &float32;
    } else {
      static_cast<void>(float32);
      return &float64;
    }
  };
  std::vector<std::pair<std::string, const run::ProductKernels<T>*>> result;
  for (const InstructionSet& set : instruction_sets()) {
    if (set.name == "baseline") {
      result.emplace_back(set.name,
                          pick(run::baseline::product_kernels_float32(), run::baseline::product_kernels_float64()));
    } else if (set.name == "avx2") {
      result.emplace_back(set.name, pick(run::avx2::product_kernels_float32(), run::avx2::product_kernels_float64()));
    } else {
      result.emplace_back(set.name,
                          pick(run::avx512::product_kernels_float32(), run::avx512::product_kernels_float64()));
    }
  }
  return result;
}

}  // namespace xgrad::test
