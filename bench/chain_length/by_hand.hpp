#pragma once

#include "../support/floats.hpp"

/// The chain of `main.cpp` in one loop over the elements, with all of it in registers: the compiler knows its length.
namespace bench::chain_length {

/// Of `length` operations. Lengths are those of `lengths`.
void forward_by_hand(int length, const Floats& x, Floats& h);

/// The sum of the results, and its gradient.
[[nodiscard]] double gradient_by_hand(int length, const Floats& x, Floats& dx);

inline constexpr int lengths[] = {10, 20, 40, 63};  // NOLINT(modernize-avoid-c-arrays)

}  // namespace bench::chain_length
