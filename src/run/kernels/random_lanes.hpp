#pragma once

#include <cstddef>
#include <cstdint>
#include <immintrin.h>

// Vectors of 64-bit lanes of the instruction set that a file is compiled for: words, and double-precision numbers in
// the same lanes. Only operations that IEEE 754 rounds correctly, and none that fuses two: every set gives the same
// bits. Include it only in files compiled per instruction set.
namespace xgrad::run::XGRAD_ISA {

// NOLINTBEGIN(performance-unnecessary-value-param): vectors are passed in registers
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

using Word = std::uint64_t;
using Words = Word __attribute__((vector_size(8 * lane_count)));
using Reals = double __attribute__((vector_size(8 * lane_count)));
using Floats = float __attribute__((vector_size(4 * lane_count)));
// As many bytes as Words: twice as many lanes of 32 bits.
using HalfWord = std::uint32_t;
using HalfWords = HalfWord __attribute__((vector_size(8 * lane_count)));
using Integers = std::int32_t __attribute__((vector_size(8 * lane_count)));
using Singles = float __attribute__((vector_size(8 * lane_count)));

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

inline Singles square_root(Singles x) noexcept {
#if defined(__AVX512F__)
  return _mm512_sqrt_ps(x);
#elif defined(__AVX2__)
  return _mm256_sqrt_ps(x);
#else
  return _mm_sqrt_ps(x);
#endif
}

/// a where the uppermost bit of the word is set, else b.
inline Singles select(HalfWords choice, Singles a, Singles b) noexcept {
#if defined(__AVX512F__)
  return _mm512_mask_blend_ps(_mm512_movepi32_mask(reinterpret_cast<WordRegister>(choice)), b, a);
#elif defined(__AVX2__)
  return _mm256_blendv_ps(b, a, reinterpret_cast<Singles>(choice));
#else
  const auto mask = reinterpret_cast<HalfWords>(reinterpret_cast<Integers>(choice) >> 31);
  return reinterpret_cast<Singles>((reinterpret_cast<HalfWords>(a) & mask) | (reinterpret_cast<HalfWords>(b) & ~mask));
#endif
}

/// The lower halves of a's lanes in the even lanes, of b's in the odd ones.
inline HalfWords packed(Words a, Words b) noexcept {
  return reinterpret_cast<HalfWords>((a & 0xFFFFFFFFU) | (b << 32));
}

inline Reals smaller(Reals a, Reals b) noexcept {
#if defined(__AVX512F__)
  return _mm512_min_pd(a, b);
#elif defined(__AVX2__)
  return _mm256_min_pd(a, b);
#else
  return _mm_min_pd(a, b);
#endif
}

inline Reals select(Words choice, Reals a, Reals b) noexcept {
#if defined(__AVX512F__)
  return _mm512_mask_blend_pd(_mm512_movepi64_mask(reinterpret_cast<WordRegister>(choice)), b, a);
#elif defined(__AVX2__)
  return _mm256_blendv_pd(b, a, reinterpret_cast<Reals>(choice));
#else
  const Words mask = Words{} - (choice >> 63);
  return reinterpret_cast<Reals>((reinterpret_cast<Words>(a) & mask) | (reinterpret_cast<Words>(b) & ~mask));
#endif
}

/// Two vectors, on which everything is done side by side: of two chains of operations one goes on while the other
/// waits.
template <class Vector>
struct Both {
  Vector first;
  Vector second;

  Both() noexcept = default;
  Both(Vector a, Vector b) noexcept : first{a}, second{b} {}
  // Vector by vector: compilers copy a plain structure of this size in smaller parts, which stalls what reads it next.
  Both(const Both& other) noexcept : first{other.first}, second{other.second} {}
  Both& operator=(const Both& other) noexcept {
    first = other.first;
    second = other.second;
    return *this;
  }

  friend Both operator+(Both a, Both b) noexcept { return {a.first + b.first, a.second + b.second}; }
  friend Both operator-(Both a, Both b) noexcept { return {a.first - b.first, a.second - b.second}; }
};
constexpr std::size_t both_count = 2 * lane_count;

using BothWords = Both<Words>;
using BothReals = Both<Reals>;

inline BothWords words(Word word) noexcept {
  return {Words{} + word, Words{} + word};
}
inline BothReals reals(double number) noexcept {
  return {Reals{} + number, Reals{} + number};
}

inline BothWords operator&(BothWords a, BothWords b) noexcept {
  return {a.first & b.first, a.second & b.second};
}
inline BothWords operator|(BothWords a, BothWords b) noexcept {
  return {a.first | b.first, a.second | b.second};
}
inline BothWords operator^(BothWords a, BothWords b) noexcept {
  return {a.first ^ b.first, a.second ^ b.second};
}
inline BothWords operator<<(BothWords a, int bits) noexcept {
  return {a.first << bits, a.second << bits};
}
inline BothWords operator>>(BothWords a, int bits) noexcept {
  return {a.first >> bits, a.second >> bits};
}
inline BothReals operator*(BothReals a, BothReals b) noexcept {
  return {a.first * b.first, a.second * b.second};
}
inline BothReals operator/(BothReals a, BothReals b) noexcept {
  return {a.first / b.first, a.second / b.second};
}

// The bits of the one as the other.
inline BothWords bits_of(BothReals x) noexcept {
  return {reinterpret_cast<Words>(x.first), reinterpret_cast<Words>(x.second)};
}
inline BothReals with_bits(BothWords x) noexcept {
  return {reinterpret_cast<Reals>(x.first), reinterpret_cast<Reals>(x.second)};
}

/// The products of the lanes' lower halves.
inline BothWords multiply_halves(BothWords a, BothWords b) noexcept {
  return {multiply_halves(a.first, b.first), multiply_halves(a.second, b.second)};
}
inline BothReals square_root(BothReals x) noexcept {
  return {square_root(x.first), square_root(x.second)};
}
/// Neither is NaN.
inline BothReals smaller(BothReals a, BothReals b) noexcept {
  return {smaller(a.first, b.first), smaller(a.second, b.second)};
}
/// a where the uppermost bit of the word is set, else b.
inline BothReals select(BothWords choice, BothReals a, BothReals b) noexcept {
  return {select(choice.first, a.first, b.first), select(choice.second, a.second, b.second)};
}
/// All ones where a < b, else 0.
inline BothWords is_less(BothReals a, BothReals b) noexcept {
  return {reinterpret_cast<Words>(a.first < b.first), reinterpret_cast<Words>(a.second < b.second)};
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

// NOLINTEND(performance-unnecessary-value-param)

}  // namespace xgrad::run::XGRAD_ISA
