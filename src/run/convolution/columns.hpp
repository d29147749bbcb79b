#pragma once

#include <cstdint>

#include "run/convolution/geometry.hpp"

/// The elements that a kernel meets, as a matrix: a row per channel and tap, a column per output (im2col).
namespace xgrad::run {

/// A block of that matrix: for the first `channels` channels at x, outputs [begin, end) in row-major order. `matrix`
/// is (channels · taps, end − begin).
template <class T>
void to_columns(const Convolution& c, const T* x, std::int64_t channels, std::int64_t begin, std::int64_t end,
                T* matrix) noexcept;

/// The adjoint: each element of the block is added to the element of x that it was read from. It may change elements
/// that were read from none.
template <class T>
void add_columns(const Convolution& c, T* matrix, std::int64_t channels, std::int64_t begin, std::int64_t end,
                 T* x) noexcept;

}  // namespace xgrad::run
