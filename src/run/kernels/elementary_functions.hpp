#pragma once

#include "run/kernels/arithmetic_functions.hpp"
#include "run/kernels/circular_functions.hpp"
#include "run/kernels/exponential_functions.hpp"

/// Rounding, and elementary functions that xsimd has with a small error: on batches.
namespace xgrad::run::XGRAD_ISA {

namespace {  // NOLINT(google-build-namespaces): one copy per instruction set

// To a whole number. The sign is that of x, of zeros too. Without SSE 4.1 there is only rounding to the nearest.
struct Round {
  template <class B>
  B operator()(B x) const {
    return xsimd::copysign(xsimd::nearbyint(x), x);
  }
};

#if defined(__SSE4_1__)
struct Floor {
  template <class B>
  B operator()(B x) const {
    return xsimd::floor(x);
  }
};

struct Ceil {
  template <class B>
  B operator()(B x) const {
    return xsimd::ceil(x);
  }
};

struct Trunc {
  template <class B>
  B operator()(B x) const {
    return xsimd::trunc(x);
  }
};
#else
struct Floor {
  template <class B>
  B operator()(B x) const {
    const B y = Round{}(x);
    return xsimd::copysign(y - xsimd::select(y > x, number<B>(1), number<B>(0)), x);
  }
};

struct Ceil {
  template <class B>
  B operator()(B x) const {
    return negative(Floor{}(negative(x)));
  }
};

struct Trunc {
  template <class B>
  B operator()(B x) const {
    return xsimd::copysign(Floor{}(xsimd::abs(x)), x);
  }
};
#endif

#if defined(__FMA__)
// sin r / cos r, and −cos r / sin r after an odd number of quarters.
struct Tan {
  template <class B>
  static auto is_usual(B x) {
    return Sin::is_usual(x);
  }

  template <class B>
  static B usual(B x) {
    using Integers = typename QuarterTurns<B>::Integers;
    const QuarterTurns<B> x_of_r{x};
    constexpr int to_sign = is_single<B> ? 30 : 62;
    const auto one = Integers(typename Integers::value_type{1});
    const auto odd = xsimd::bitwise_cast<B>((x_of_r.turns & one) << to_sign) != number<B>(0);
    const B sine = x_of_r.sine();
    const B cosine = x_of_r.cosine();
    return xsimd::select(odd, negative(cosine), sine) / xsimd::select(odd, sine, cosine);
  }

  template <class B>
  B operator()(B x) const {
    const auto here = is_usual(x);
    const B y = usual(xsimd::select(here, x, number<B>(0)));
    return xsimd::all(here) ? y : xsimd::select(here, y, per_lane(x, [](double lane) { return ::tan(lane); }));
  }
};
#else
struct Tan {
  template <class B>
  B operator()(B x) const {
    // Of 0 it would divide by 0.
    const auto f = [](B lanes) { return xsimd::tan(xsimd::select(lanes == number<B>(0), number<B>(1), lanes)); };
    return keep_zero(x, by_reduction(x, f, [](double lane) { return ::tan(lane); }));
  }
};
#endif

// f(x) where `inside` holds, NaN elsewhere; f is called with `filler` there.
template <class B, class Inside, class F>
B within(B x, Inside inside, double filler, F f) {
  const B y = f(xsimd::select(inside, x, number<B>(filler)));
  return xsimd::select(inside, y, number<B>(std::numeric_limits<double>::quiet_NaN()));
}

struct Asin {
  template <class B>
  B operator()(B x) const {
    const auto inside = xsimd::abs(x) <= number<B>(1);
    return keep_zero(x, within(x, inside, 0, [](B lanes) { return xsimd::asin(lanes); }));
  }
};

struct Acos {
  template <class B>
  B operator()(B x) const {
    const auto inside = xsimd::abs(x) <= number<B>(1);
    return within(x, inside, 0, [](B lanes) { return xsimd::acos(lanes); });
  }
};

// xsimd divides by x.
struct Atan {
  template <class B>
  B operator()(B x) const {
    return keep_zero(x, xsimd::atan(xsimd::select(x == number<B>(0), number<B>(1), x)));
  }
};

// ½ e^x, which is a number where e^x is none any more, for x > 2: e^(x − 1) e/2, with e/2 in two parts.
template <class B>
B half_exponential(B x) {
  constexpr double upper = is_single<B> ? 0x1.5bf0a80000000p+0 : 0x1.5bf0a8b145769p+0;
  constexpr double lower = is_single<B> ? 0x1.628aed2a6abf7p-25 : 0x1.4d57ee2b1013ap-54;
  const B e = Exp{}(x - number<B>(1));
  return xsimd::fma(e, number<B>(upper), e * number<B>(lower));
}

// Where the other exponential is less than rounding, ½ e^|x|; xsimd squares e^(|x|/2), for smaller ones, too.
template <class B, class F>
B hyperbolic(B x, F f) {
  const B size = xsimd::abs(x);
  const auto large = size > number<B>(is_single<B> ? 40 : 350);
  const B y = f(xsimd::select(large, number<B>(1), x));
  if (!xsimd::any(large)) {
    return y;
  }
  return xsimd::select(large, half_exponential(xsimd::select(large, size, number<B>(40))), y);
}

struct Sinh {
  template <class B>
  B operator()(B x) const {
    const auto f = [](B lanes) { return xsimd::abs(xsimd::sinh(lanes)); };
    return keep_zero(x, xsimd::copysign(hyperbolic(x, f), x));
  }
};

struct Cosh {
  template <class B>
  B operator()(B x) const {
    return hyperbolic(x, [](B lanes) { return xsimd::cosh(lanes); });
  }
};

struct Asinh {
  template <class B>
  B operator()(B x) const {
    return keep_zero(x, xsimd::asinh(x));
  }
};

struct Acosh {
  template <class B>
  B operator()(B x) const {
    return within(x, x >= number<B>(1), 1, [](B lanes) { return xsimd::acosh(lanes); });
  }
};

// ±∞ at ±1, which xsimd divides by zero for.
struct Atanh {
  template <class B>
  B operator()(B x) const {
    const B size = xsimd::abs(x);
    const auto end = size == number<B>(1);
    const B y = within(x, size < number<B>(1), 0, [](B lanes) { return xsimd::atanh(lanes); });
    const B infinite = xsimd::copysign(number<B>(std::numeric_limits<double>::infinity()), x);
    return keep_zero(x, xsimd::select(end, infinite, y));
  }
};

// Where 2ˣ is no normal number, or so large that xsimd takes it for infinite: 2ˣ = 2^(x ∓ 64) 2^±64.
struct Exp2 {
  template <class B>
  B operator()(B x) const {
    constexpr double largest_usual = is_single<B> ? 120 : 1000;
    const auto outer = xsimd::abs(x) > number<B>(largest_usual);
    if (!xsimd::any(outer)) {
      return xsimd::exp2(x);
    }
    const auto positive = x > number<B>(0);
    const B shift = xsimd::select(positive, number<B>(64), number<B>(-64));
    const B factor = xsimd::select(positive, number<B>(0x1p64), number<B>(0x1p-64));
    const B y = xsimd::exp2(x - xsimd::select(outer, shift, number<B>(0)));
    return y * xsimd::select(outer, factor, number<B>(1));
  }
};

// f(x) = log(x) / log(base) for any x, by an f that needs a normal number, and f(2⁵⁴).
template <class B, class F>
B with_subnormals(B x, double of_scale, F f) {
  const auto subnormal = (x > number<B>(0)) && (x < number<B>(is_single<B> ? 0x1p-126 : 0x1p-1022));
  if (!xsimd::any(subnormal)) {
    return f(x);
  }
  const B y = f(xsimd::select(subnormal, x * number<B>(0x1p54), x));
  return y - xsimd::select(subnormal, number<B>(of_scale), number<B>(0));
}

struct Log2 {
  template <class B>
  B operator()(B x) const {
    return with_subnormals(x, 54, [](B lanes) { return xsimd::log2(lanes); });
  }
};

struct Log10 {
  template <class B>
  B operator()(B x) const {
    return with_subnormals(x, 16.255619765854984, [](B lanes) { return xsimd::log10(lanes); });
  }
};

}  // namespace

}  // namespace xgrad::run::XGRAD_ISA
