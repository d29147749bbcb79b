#pragma once

#include <cstddef>
#include <cstdint>

namespace xgrad::run {

/// Rows of a plane beside rows of results: result i of row r goes with the elements x[r · x_step + offsets[t] + i], one
/// per tap t. Rows of `y` are contiguous.
template <class T>
struct PlaneCall {
  const T* x = nullptr;
  std::int64_t x_step = 0;
  const std::int64_t* offsets = nullptr;
  std::size_t taps = 0;
  std::size_t rows = 0;
  std::size_t count = 0;  ///< of results in a row
};

/// Convolutions of one channel. T is float or double. Equal input gives equal bits, wherever it lies in memory.
template <class T>
struct PlaneKernels {
  /// y ← Σ over taps of w[t] x, in the order of taps.
  void (*correlate)(const PlaneCall<T>& call, const T* w, T* y);
  /// w[t] ← w[t] + Σ over results of g x.
  void (*add_sums)(const PlaneCall<T>& call, const T* g, T* w);
};

/// The kernels for this machine; see isa.hpp.
template <class T>
[[nodiscard]] const PlaneKernels<T>& plane_kernels();
template <>
[[nodiscard]] const PlaneKernels<float>& plane_kernels<float>();
template <>
[[nodiscard]] const PlaneKernels<double>& plane_kernels<double>();

// One definition per instruction set, each compiled with its flags.
namespace baseline {
[[nodiscard]] const PlaneKernels<float>& plane_kernels_float32() noexcept;
[[nodiscard]] const PlaneKernels<double>& plane_kernels_float64() noexcept;
}  // namespace baseline
namespace avx2 {
[[nodiscard]] const PlaneKernels<float>& plane_kernels_float32() noexcept;
[[nodiscard]] const PlaneKernels<double>& plane_kernels_float64() noexcept;
}  // namespace avx2
namespace avx512 {
[[nodiscard]] const PlaneKernels<float>& plane_kernels_float32() noexcept;
[[nodiscard]] const PlaneKernels<double>& plane_kernels_float64() noexcept;
}  // namespace avx512

}  // namespace xgrad::run
