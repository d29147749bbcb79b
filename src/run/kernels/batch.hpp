#pragma once

#include <cstdint>
#include <limits>
#include <math.h>  // NOLINT(modernize-deprecated-headers): C functions, which aren't inline, see isa_xsimd.hpp

#include "run/kernels/isa_xsimd.hpp"

/// What the functions on batches share.
namespace xgrad::run::XGRAD_ISA {

namespace {  // NOLINT(google-build-namespaces): one copy per instruction set

template <class B>
using ElementOf = typename B::value_type;

template <class B>
constexpr bool is_single = std::is_same_v<ElementOf<B>, float>;

template <class B>
B number(double value) {
  return B(static_cast<ElementOf<B>>(value));
}

template <class B, class F>
B per_lane(B x, F f) {
  alignas(64) ElementOf<B> lanes[B::size];  // NOLINT(modernize-avoid-c-arrays): std::array has inline functions
  x.store_aligned(lanes);
  for (ElementOf<B>& lane : lanes) {
    lane = static_cast<ElementOf<B>>(f(lane));
  }
  return B::load_aligned(lanes);
}

// y, and x where that is ±0: for functions that are x there, but for which xsimd forgets the sign.
template <class B>
B keep_zero(B x, B y) {
  return xsimd::select(x == number<B>(0), x, y);
}

/// c₀ + c₁ x + c₂ x² + …, the coefficients given from the last one on.
template <class B, class... Rest>
B polynomial(B x, double last, Rest... rest) {
  B p = number<B>(last);
  ((p = xsimd::fma(p, x, number<B>(rest))), ...);
  return p;
}

template <class B>
using WordsOf = xsimd::batch<std::conditional_t<is_single<B>, std::uint32_t, std::uint64_t>, Arch>;

}  // namespace

}  // namespace xgrad::run::XGRAD_ISA
