#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "xgrad/dtype.hpp"
#include "xgrad/shape.hpp"
#include "xgrad/tensor.hpp"

/// Programs of random operations on random shapes, the same for the same seed, whose values are of moderate size. What
/// decides a comparison or lies near a kink comes from leaves through operations that don't round, so that it is the
/// same whichever way the rest is computed.
namespace xgrad::test {

struct ProgramLeaf {
  Shape shape;
  DType dtype = float64;
};

struct Program {
  std::vector<Tensor> outputs;
  std::vector<Tensor> held;  ///< intermediates
  std::string listing;       ///< a line per operation
};

enum class Operations : std::uint8_t {
  all,
  elementwise,  ///< no reductions, products or views
};

/// What a seed's program takes.
[[nodiscard]] std::vector<ProgramLeaf> program_leaves(std::uint64_t seed);
/// Values for them, different for each `turn`: 0.1 to 1 or −1 to −0.1.
[[nodiscard]] std::vector<Tensor> leaf_values(std::span<const ProgramLeaf> leaves, std::uint64_t seed,
                                              std::uint64_t turn);
/// A seed's program on these leaves.
[[nodiscard]] Program build_program(std::uint64_t seed, Operations operations, std::span<const Tensor> leaves);
/// Whether anything in a seed's program is float32.
[[nodiscard]] bool has_float32(std::uint64_t seed);

}  // namespace xgrad::test
