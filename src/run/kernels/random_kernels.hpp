#pragma once

#include <cstddef>
#include <cstdint>

namespace xgrad::run {

/// A stretch of a stream of random blocks (see philox.hpp), from block `first` on.
struct RandomStretch {
  std::uint64_t seed = 0;
  std::uint64_t stream = 0;
  std::uint64_t first = 0;
};

/// So many blocks, as many as the widest vector has lanes, of which normal numbers of float32 are made together.
inline constexpr std::size_t normal_group = 16;

/// Vector kernels that fill `out` with `count` random numbers, a pair from each block: u and v are what unit_interval()
/// makes of it. The numbers depend on the blocks only: not on the instruction set, nor on where a stretch begins.
/// They are computed in double precision and rounded once to T. ln, sin and cos are correct to 1.5 units in the last
/// place.
///
/// Normal numbers of float32 are four from each block, w₀ to w₃, and computed in float32, correct to 8 units in the
/// last place of the radius. They come in groups: of normal_group blocks first r x of w₀ and w₁, then r y, then both of
/// w₂ and w₃. A stretch begins with a group. r = √(−2 ln u), with u = (w₀ + ½) / 2³² rounded to float32; (x, y) is the
/// point (cos a, sin a) of the circle, a = (d + ½) / 2³⁰ · π/2, with −2²⁹ ≤ d < 2²⁹ in the lower 30 bits of w₁, of
/// which bit 31 negates cos a, and bit 30 exchanges x and y.
template <class T>
struct FloatingRandomKernels {
  /// low + range u, then low + range v, each at most `last`.
  void (*uniform)(const RandomStretch& stretch, double low, double range, double last, T* out, std::size_t count);
  /// float64: r = √(−2 ln(1 − u)), mean + deviation r cos 2πv, then mean + deviation r sin 2πv, after Box and Muller.
  void (*normal)(const RandomStretch& stretch, double mean, double deviation, T* out, std::size_t count);
};

/// 1 where u < probability, 0 elsewhere; then the same of v.
template <class T>
using BernoulliKernel = void (*)(const RandomStretch& stretch, double probability, T* out, std::size_t count);

struct RandomKernels {
  FloatingRandomKernels<float> float32;
  FloatingRandomKernels<double> float64;
  BernoulliKernel<float> bernoulli_float32;
  BernoulliKernel<double> bernoulli_float64;
  BernoulliKernel<std::int64_t> bernoulli_int64;
  BernoulliKernel<bool> bernoulli_boolean;
  /// Of each block the first two words, as one of 64 bits.
  void (*words)(const RandomStretch& stretch, std::uint64_t* out, std::size_t count);
};

/// The kernels for this machine; see isa.hpp.
[[nodiscard]] const RandomKernels& random_kernels();

// One definition per instruction set, each compiled with its flags.
namespace baseline {
[[nodiscard]] const RandomKernels& random_kernels() noexcept;
}  // namespace baseline
namespace avx2 {
[[nodiscard]] const RandomKernels& random_kernels() noexcept;
}  // namespace avx2
namespace avx512 {
[[nodiscard]] const RandomKernels& random_kernels() noexcept;
}  // namespace avx512

}  // namespace xgrad::run
