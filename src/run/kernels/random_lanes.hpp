#pragma once

#include <cstddef>
#include <cstdint>
#include <immintrin.h>

// Vectors of 64-bit lanes of the instruction set that a file is compiled for: words, and double-precision numbers in
// the same lanes. Only operations that IEEE 754 rounds correctly, and none that fuses two: every set gives the same
// bits. Include it only in files compiled per instruction set.
namespace xgrad::run::XGRAD_ISA {

namespace {

#if defined(__AVX512F__)
constexpr std::size_t lane_count = 8;
using WordRegister = __m512i;
#elif defined(__AVX2__)
constexpr std::size_t lane_count = 4;
using WordRegister = __m256i;
#else
constexpr std::size_t lane_count = 2;
using WordRegister = __m128i;
#endif

using Words = std::uint64_t __attribute__((vector_size(8 * lane_count)));
using Reals = double __attribute__((vector_size(8 * lane_count)));
using Floats = float __attribute__((vector_size(4 * lane_count)));

inline Words words(std::uint64_t word) noexcept {
  return Words{} + word;
}

inline Reals reals(double number) noexcept {
  return Reals{} + number;
}

// The bits of the one as the other.
inline Words bits_of(Reals x) noexcept {
  return reinterpret_cast<Words>(x);
}
inline Reals with_bits(Words x) noexcept {
  return reinterpret_cast<Reals>(x);
}

// The products of the lanes' lower halves.
inline Words multiply_halves(Words a, Words b) noexcept {
  const auto x = reinterpret_cast<WordRegister>(a);
  const auto y = reinterpret_cast<WordRegister>(b);
#if defined(__AVX512F__)
  return reinterpret_cast<Words>(_mm512_mul_epu32(x, y));
#elif defined(__AVX2__)
  return reinterpret_cast<Words>(_mm256_mul_epu32(x, y));
#else
  return reinterpret_cast<Words>(_mm_mul_epu32(x, y));
#endif
}

inline Reals square_root(Reals x) noexcept {
#if defined(__AVX512F__)
  return _mm512_sqrt_pd(x);
#elif defined(__AVX2__)
  return _mm256_sqrt_pd(x);
#else
  return _mm_sqrt_pd(x);
#endif
}

// Where the mask's lane is all ones a's lane, where it is 0 b's.
inline Reals select(Words mask, Reals a, Reals b) noexcept {
  return with_bits((bits_of(a) & mask) | (bits_of(b) & ~mask));
}

inline Words is_less(Reals a, Reals b) noexcept {
  return reinterpret_cast<Words>(a < b);
}

// a₀ b₀ a₁ b₁ …: the first half of that, and the second.
template <class Vector>
inline Vector interleaved_first(Vector a, Vector b) noexcept {
#if defined(__AVX512F__)
  return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
#elif defined(__AVX2__)
  return __builtin_shufflevector(a, b, 0, 4, 1, 5);
#else
  return __builtin_shufflevector(a, b, 0, 2);
#endif
}
template <class Vector>
inline Vector interleaved_second(Vector a, Vector b) noexcept {
#if defined(__AVX512F__)
  return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
#elif defined(__AVX2__)
  return __builtin_shufflevector(a, b, 2, 6, 3, 7);
#else
  return __builtin_shufflevector(a, b, 1, 3);
#endif
}

}  // namespace

}  // namespace xgrad::run::XGRAD_ISA
