#pragma once

#include <string_view>

namespace xgrad::run {

/// A set of vector instructions that kernels are compiled for, each containing those before it: x86-64 alone, AVX2 with
/// FMA, AVX-512 (F, DQ, BW, VL).
enum class Isa { baseline, avx2, avx512 };

[[nodiscard]] std::string_view name_of(Isa isa) noexcept;

/// What the environment sets for a whole process.
struct Settings {
  Isa isa = Isa::baseline;       ///< XGRAD_ISA=baseline|avx2|avx512; else the widest that the machine has
  bool measure_products = true;  ///< XGRAD_PRODUCTS=plain turns it off; measured is the default
  bool optimize = true;          ///< XGRAD_OPTIMIZE=0 turns it off; 1 is the default
};

/// Read once. An empty variable counts as not set.
/// @throws ValueError for a value that is none of those above, and for instructions that the machine lacks; at every
/// call, before anything is computed
[[nodiscard]] const Settings& settings();

}  // namespace xgrad::run
