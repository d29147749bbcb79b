#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

// xsimd, in a namespace of its own per instruction set: xsimd::… below is xsimd_avx2::… and so on. The same inline
// function compiled for two sets would otherwise be one symbol, of which the linker keeps either: code for AVX-512
// would run on machines without it. Include xsimd through this header, and only in files compiled per instruction set.
#define XGRAD_PASTE_EXPANDED(a, b) a##b
#define XGRAD_PASTE(a, b) XGRAD_PASTE_EXPANDED(a, b)
#define xsimd XGRAD_PASTE(xsimd_, XGRAD_ISA)

#include <xsimd/xsimd.hpp>

#if defined(__AVX512F__)
// xsimd 8.1 multiplies and adds in two roundings on AVX-512. Its own functions take these in their place.
namespace xsimd::kernel {

template <>
inline batch<float, avx512dq> fma<avx512dq, float>(batch<float, avx512dq> const& x, batch<float, avx512dq> const& y,
                                                   batch<float, avx512dq> const& z,
                                                   requires_arch<generic> /*arch*/) noexcept {
  return _mm512_fmadd_ps(x, y, z);
}

template <>
inline batch<double, avx512dq> fma<avx512dq, double>(batch<double, avx512dq> const& x, batch<double, avx512dq> const& y,
                                                     batch<double, avx512dq> const& z,
                                                     requires_arch<generic> /*arch*/) noexcept {
  return _mm512_fmadd_pd(x, y, z);
}

template <>
inline batch<float, avx512dq> fms<avx512dq, float>(batch<float, avx512dq> const& x, batch<float, avx512dq> const& y,
                                                   batch<float, avx512dq> const& z,
                                                   requires_arch<generic> /*arch*/) noexcept {
  return _mm512_fmsub_ps(x, y, z);
}

template <>
inline batch<double, avx512dq> fms<avx512dq, double>(batch<double, avx512dq> const& x, batch<double, avx512dq> const& y,
                                                     batch<double, avx512dq> const& z,
                                                     requires_arch<generic> /*arch*/) noexcept {
  return _mm512_fmsub_pd(x, y, z);
}

template <>
inline batch<float, avx512dq> fnma<avx512dq, float>(batch<float, avx512dq> const& x, batch<float, avx512dq> const& y,
                                                    batch<float, avx512dq> const& z,
                                                    requires_arch<generic> /*arch*/) noexcept {
  return _mm512_fnmadd_ps(x, y, z);
}

template <>
inline batch<double, avx512dq> fnma<avx512dq, double>(batch<double, avx512dq> const& x,
                                                      batch<double, avx512dq> const& y,
                                                      batch<double, avx512dq> const& z,
                                                      requires_arch<generic> /*arch*/) noexcept {
  return _mm512_fnmadd_pd(x, y, z);
}

}  // namespace xsimd::kernel
#endif

namespace xgrad::run::XGRAD_ISA {

// xsimd's AVX-512BW adds 8 and 16 bit integers to AVX-512DQ, and doesn't compile without optimisation.
#if defined(__AVX512BW__)
using Arch = xsimd::avx512dq;
#else
using Arch = xsimd::default_arch;
#endif

template <class T>
using Batch = xsimd::batch<T, Arch>;

/// −x with the sign of zero and of NaN turned too, which xsimd's minus doesn't do on every set.
template <class T>
Batch<T> negative(const Batch<T>& x) {
  return x ^ Batch<T>(static_cast<T>(-0.0));
}

/// NaN where a or b is NaN, elsewhere y.
inline Batch<float> keep_nan(const Batch<float>& a, const Batch<float>& b, const Batch<float>& y) {
#if defined(__AVX512F__)
  return _mm512_mask_add_ps(y, _mm512_cmp_ps_mask(a, b, _CMP_UNORD_Q), a, b);
#elif defined(__AVX__)
  return _mm256_or_ps(y, _mm256_cmp_ps(a, b, _CMP_UNORD_Q));
#else
  return _mm_or_ps(y, _mm_cmpunord_ps(a, b));
#endif
}

inline Batch<double> keep_nan(const Batch<double>& a, const Batch<double>& b, const Batch<double>& y) {
#if defined(__AVX512F__)
  return _mm512_mask_add_pd(y, _mm512_cmp_pd_mask(a, b, _CMP_UNORD_Q), a, b);
#elif defined(__AVX__)
  return _mm256_or_pd(y, _mm256_cmp_pd(a, b, _CMP_UNORD_Q));
#else
  return _mm_or_pd(y, _mm_cmpunord_pd(a, b));
#endif
}

#if defined(__AVX2__) && !defined(__AVX512F__)
/// All bits of the first `count` of eight 32-bit lanes.
inline __m256i first_lanes(std::size_t count) {
  alignas(64) static constexpr std::int32_t lanes[16] = {-1, -1, -1, -1, -1, -1, -1, -1};  // NOLINT
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(lanes + 8 - count));
}
#endif

/// `count` elements, which may be none, with `filler` in the lanes behind them; and back. No other memory is touched.
template <class T>
Batch<T> load_first(const T* x, std::size_t count, T filler) {
  constexpr bool single = std::is_same_v<T, float>;
  const Batch<T> rest(filler);
#if defined(__AVX512F__)
  const unsigned lanes = (1U << count) - 1U;
  if constexpr (single) {
    return _mm512_mask_loadu_ps(rest, static_cast<__mmask16>(lanes), x);
  } else {
    return _mm512_mask_loadu_pd(rest, static_cast<__mmask8>(lanes), x);
  }
#elif defined(__AVX2__)
  const __m256i lanes = first_lanes(count * sizeof(T) / 4);
  if constexpr (single) {
    return _mm256_blendv_ps(rest, _mm256_maskload_ps(x, lanes), _mm256_castsi256_ps(lanes));
  } else {
    return _mm256_blendv_pd(rest, _mm256_maskload_pd(x, lanes), _mm256_castsi256_pd(lanes));
  }
#else
  static_cast<void>(single);
  alignas(64) T padded[Batch<T>::size];  // NOLINT(modernize-avoid-c-arrays): std::array has inline functions
  rest.store_aligned(padded);
  std::memcpy(padded, x, count * sizeof(T));
  return Batch<T>::load_aligned(padded);
#endif
}

template <class T>
void store_first(const Batch<T>& batch, T* out, std::size_t count) {
  constexpr bool single = std::is_same_v<T, float>;
#if defined(__AVX512F__)
  const unsigned lanes = (1U << count) - 1U;
  if constexpr (single) {
    _mm512_mask_storeu_ps(out, static_cast<__mmask16>(lanes), batch);
  } else {
    _mm512_mask_storeu_pd(out, static_cast<__mmask8>(lanes), batch);
  }
#else
  // By halves: masked stores are slow on some machines.
  if constexpr (single) {
#if defined(__AVX2__)
    __m128 part = _mm256_castps256_ps128(batch);
    if ((count & 4U) != 0) {
      _mm_storeu_ps(out, part);
      part = _mm256_extractf128_ps(batch, 1);
      out += 4;
    }
#else
    __m128 part = batch;
#endif
    if ((count & 2U) != 0) {
      _mm_storel_pi(reinterpret_cast<__m64*>(out), part);
      part = _mm_movehl_ps(part, part);
      out += 2;
    }
    if ((count & 1U) != 0) {
      _mm_store_ss(out, part);
    }
  } else {
#if defined(__AVX2__)
    __m128d part = _mm256_castpd256_pd128(batch);
    if ((count & 2U) != 0) {
      _mm_storeu_pd(out, part);
      part = _mm256_extractf128_pd(batch, 1);
      out += 2;
    }
#else
    const __m128d part = batch;
#endif
    if ((count & 1U) != 0) {
      _mm_store_sd(out, part);
    }
  }
#endif
}

/// The lower and the upper half of x in double, and back.
inline void widen(const Batch<float>& x, Batch<double>& low, Batch<double>& high) {
#if defined(__AVX512F__)
  low = _mm512_cvtps_pd(_mm512_castps512_ps256(x));
  high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1));
#elif defined(__AVX__)
  low = _mm256_cvtps_pd(_mm256_castps256_ps128(x));
  high = _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1));
#else
  low = _mm_cvtps_pd(x);
  high = _mm_cvtps_pd(_mm_movehl_ps(x, x));
#endif
}

/// A batch of floats as doubles, from half as much memory as a batch of floats has.
inline Batch<double> widen_half(const float* x) {
#if defined(__AVX512F__)
  return _mm512_cvtps_pd(_mm256_loadu_ps(x));
#elif defined(__AVX__)
  return _mm256_cvtps_pd(_mm_loadu_ps(x));
#else
  return _mm_cvtps_pd(_mm_castsi128_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(x))));
#endif
}

inline Batch<float> narrow(const Batch<double>& low, const Batch<double>& high) {
#if defined(__AVX512F__)
  return _mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(low)), _mm512_cvtpd_ps(high), 1);
#elif defined(__AVX__)
  return _mm256_set_m128(_mm256_cvtpd_ps(high), _mm256_cvtpd_ps(low));
#else
  return _mm_movelh_ps(_mm_cvtpd_ps(low), _mm_cvtpd_ps(high));
#endif
}

}  // namespace xgrad::run::XGRAD_ISA
