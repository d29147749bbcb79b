#pragma once

#include <cstddef>
#include <cstdint>

#include "xgrad/dtype.hpp"

#include "run/convolution/geometry.hpp"

/// A convolution of x (batch, groups · inputs, *in) by w (groups · outputs, inputs, *kernel) to y (batch, groups ·
/// outputs, *out), and its adjoints. Blocks of samples, groups and outputs or channels are shared out among threads;
/// how sums are grouped depends on lengths only, so the bits don't on the number of threads. T is float or double.
namespace xgrad::run {

enum class ConvolutionPart : std::uint8_t { output, input, weight };

/// The memory that a part needs besides its arrays.
[[nodiscard]] std::size_t convolution_bytes(ConvolutionPart part, const Convolution& c, DType dtype) noexcept;

/// `workspace` has convolution_bytes(), aligned to 64. Any length may be 0.
template <class T>
void convolve(const Convolution& c, const T* x, const T* w, T* y, std::byte* workspace);
/// x ← the adjoint by x of g, which is of y's size.
template <class T>
void convolve_input(const Convolution& c, const T* g, const T* w, T* x, std::byte* workspace);
/// w ← the adjoint by w.
template <class T>
void convolve_weight(const Convolution& c, const T* x, const T* g, T* w, std::byte* workspace);

}  // namespace xgrad::run
