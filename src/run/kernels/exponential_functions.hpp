#pragma once

#include "run/kernels/batch.hpp"

/// Exponential and logarithm, and what is made of them, on batches.
namespace xgrad::run::XGRAD_ISA {

namespace {  // NOLINT(google-build-namespaces): one copy per instruction set

/// e^x = scale (1 + less_one), for |x| ≤ 87.3 (708.3 in float64): x = n log 2 + r with a whole n and |r| ≤ ½ log 2,
/// scale = 2ⁿ, and less_one = e^r − 1 = r + r² P(r), with the polynomial of Cephes' expf (S. Moshier) in float32, and
/// one that is fitted to 2⁻⁶¹ of less_one in float64. With a correction, some units in the last place of x, it is e^(x
/// + correction). `scale` is 2^Raised times what is said here, so that x may lie that much lower.
template <class B, int Raised = 0>
struct SplitExponential {
  B less_one;
  B scale;

  template <class... Correction>
  explicit SplitExponential(B x, Correction... correction) {
    using Words = WordsOf<B>;
    using Word = typename Words::value_type;
    constexpr bool single = is_single<B>;
    constexpr double rounding = single ? 12582912.0 : 6755399441055744.0;  // 1.5 · 2²³, 1.5 · 2⁵²: adding it rounds to
                                                                           // an integer, which is then the low bits
    constexpr double log2_upper = single ? 0.693359375 : 0x1.62e42fefa3800p-1;  // n times it is exact
    constexpr double log2_lower = single ? -2.12194440e-4 : 0x1.ef35793c76730p-45;
    const B shifted = xsimd::fma(x, number<B>(1.44269504088896340736), number<B>(rounding));
    const B n = shifted - number<B>(rounding);
    const B r = (xsimd::fma(n, number<B>(-log2_lower), xsimd::fma(n, number<B>(-log2_upper), x)) + ... + correction);
    const B r2 = r * r;
    B p;
    if constexpr (single) {
      p = polynomial(r, 1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1,
                     5.0000001201e-1);
    } else {  // in parts, which leaves less to wait for
      const B r4 = r2 * r2;
      const auto terms = [&](double c3, double c2, double c1, double c0) {
        return xsimd::fma(polynomial(r, c3, c2), r2, polynomial(r, c1, c0));
      };
      p = xsimd::fma(number<B>(0x1.1ee88d770818dp-29), r2, polynomial(r, 0x1.af5ea7f8093e8p-26, 0x1.27e5363fe2cbcp-22));
      p = xsimd::fma(p, r4,
                     terms(0x1.71ddf863e9992p-19, 0x1.a01a017bb2261p-16, 0x1.a01a01afdd7cbp-13, 0x1.6c16c16c1f0dfp-10));
      p = xsimd::fma(p, r4, terms(0x1.111111110f6c5p-7, 0x1.555555555553ep-5, 0x1.5555555555559p-3, 0x1.0p-1));
    }
    less_one = xsimd::fma(p, r2, r);
    constexpr int mantissa = single ? 23 : 52;
    constexpr Word one =
        (single ? 0x3F800000U : static_cast<Word>(0x3FF0000000000000U)) + (static_cast<Word>(Raised) << mantissa);
    scale = xsimd::bitwise_cast<B>((xsimd::bitwise_cast<Words>(shifted) << mantissa) + Words(one));
  }
};

// Where 2ⁿ or the result leaves the range of normal numbers e^x = e^(x ∓ s) e^±s, with an s that makes x ∓ s exact and
// e^±s all but representable.
struct Exp {
  template <class B>
  static constexpr double largest_usual = is_single<B> ? 87.3 : 708.3;

  template <class B>
  static auto is_usual(B x) {
    return xsimd::abs(x) <= number<B>(largest_usual<B>);
  }

  template <class B>
  static B usual(B x) {
    const SplitExponential<B> e{x};
    return xsimd::fma(e.less_one, e.scale, e.scale);
  }

  // No lane is given to `usual` that isn't, so that it raises no floating-point exception of its own.
  template <class B>
  B operator()(B x) const {
    constexpr bool single = is_single<B>;
    constexpr double all_zero = single ? 104 : 746;  // or infinite
    const B size = xsimd::abs(x);
    const auto outer = size > number<B>(largest_usual<B>);
    if (!xsimd::any(outer)) {
      return usual(x);
    }
    constexpr double s = single ? 44.642578125 : 352.8037109375;
    constexpr double exp_s = single ? 24435731115546504754.4 : 1.66228258558995512128e153;
    constexpr double exp_minus_s = single ? 4.09236783238474613825e-20 : 6.01582431692920222302e-154;
    const auto positive = x > number<B>(0);
    const auto beyond = size >= number<B>(all_zero);
    const B shifted = xsimd::select(beyond, number<B>(0), x - xsimd::select(positive, number<B>(s), number<B>(-s)));
    const B factor = xsimd::select(positive, number<B>(exp_s), number<B>(exp_minus_s));
    const B end = xsimd::select(positive, number<B>(std::numeric_limits<double>::infinity()), number<B>(0));
    const B y = usual(xsimd::select(outer, shifted, x)) * xsimd::select(outer, factor, number<B>(1));
    return xsimd::select(beyond, end, y);
  }
};

struct Expm1 {
  template <class B>
  static auto is_usual(B x) {
    return Exp::is_usual(x);
  }

  template <class B>
  static B usual(B x) {
    const SplitExponential<B> e{x};
    return keep_zero(x, xsimd::fma(e.less_one, e.scale, e.scale - number<B>(1)));
  }

  template <class B>
  B operator()(B x) const {
    const auto here = is_usual(x);
    const B y = usual(xsimd::select(here, x, number<B>(0)));
    return xsimd::all(here) ? y : xsimd::select(here, y, Exp{}(x)-number<B>(1));
  }
};

// x = 2ᵉ m, m in [√½, √2), m = 1 + f, s = f / (2 + f), z = s²:
// log m = 2 artanh s = f − (½ f² − s (½ f² + z P(z))), P(z) = 2/3 + 2z/5 + …, fitted for z up to ((√2 − 1) / (√2 +
// 1))².
struct Log {
  template <class B>
  static constexpr double smallest = is_single<B> ? 0x1p-126 : 0x1p-1022;
  template <class B>
  static constexpr double largest = std::numeric_limits<ElementOf<B>>::max();

  template <class B>
  static auto is_usual(B x) {
    return x >= number<B>(smallest<B>) && x <= number<B>(largest<B>);
  }

  template <class B>
  static B usual(B x) {
    return of_scaled(x, number<B>(0));
  }

  template <class B>
  B operator()(B x) const {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (xsimd::all(is_usual(x))) {
      return usual(x);
    }
    const auto subnormal = x < number<B>(smallest<B>);
    const B scaled = xsimd::select(subnormal, x * number<B>(0x1p54), x);
    B y = of_scaled(scaled, xsimd::select(subnormal, number<B>(54), number<B>(0)));
    y = xsimd::select(x == number<B>(0), number<B>(-infinity), y);
    y = xsimd::select(x == number<B>(infinity), x, y);
    return xsimd::select(x >= number<B>(0), y, number<B>(std::numeric_limits<double>::quiet_NaN()));
  }

 private:
  // log(x / 2ᵏ)
  template <class B>
  static B of_scaled(B x, B k) {
    using Words = WordsOf<B>;
    using Word = typename Words::value_type;
    constexpr bool single = is_single<B>;
    constexpr int mantissa = single ? 23 : 52;
    constexpr Word bias = single ? 126U : 1022U;
    constexpr Word root_of_half = single ? 0x3F3504F3U : static_cast<Word>(0x3FE6A09E667F3BCDU);
    constexpr Word fraction = (Word{1} << mantissa) - 1;
    constexpr Word unit = single ? 0x4B000000U : static_cast<Word>(0x4330000000000000U);  // 2²³, 2⁵²
    constexpr double unit_value = single ? 0x1p23 : 0x1p52;
    constexpr double log2_upper = single ? 0x1.62e4p-1 : 0x1.62e42fefa3800p-1;  // e times it is exact
    constexpr double log2_lower = single ? 0x1.7f7d1cf79abcap-20 : 0x1.ef35793c76730p-45;
    const Words shifted = xsimd::bitwise_cast<Words>(x) - Words(root_of_half - (bias << mantissa));
    const B e = xsimd::bitwise_cast<B>((shifted >> mantissa) | Words(unit)) -
                (k + number<B>(unit_value + static_cast<double>(bias)));
    const B f = xsimd::bitwise_cast<B>((shifted & Words(fraction)) + Words(root_of_half)) - number<B>(1);
    const B s = f / (f + number<B>(2));
    const B z = s * s;
    B p;
    if constexpr (single) {
      p = polynomial(z, 0x1.e1bfce89180f7p-3, 0x1.2442287daa981p-2, 0x1.999a4e4cb9c60p-2, 0x1.5555551ce9af3p-1);
    } else {
      p = polynomial(z, 0x1.2b584aae78a57p-3, 0x1.39fe606542ddep-3, 0x1.7462b4ab2ef6bp-3, 0x1.c71c62e5800a1p-3,
                     0x1.2492492df148dp-2, 0x1.99999999952e2p-2, 0x1.5555555555558p-1);
    }
    const B half_square = number<B>(0.5) * f * f;
    const B inner = xsimd::fma(s, xsimd::fma(z, p, half_square), e * number<B>(log2_lower));
    return xsimd::fma(e, number<B>(log2_upper), f - (half_square - inner));
  }
};

struct Log1p {
  template <class B>
  B operator()(B x) const {
    return keep_zero(x, xsimd::log1p(x));
  }
};

// tanh |x| = (e^2|x| − 1) / (e^2|x| + 1) in float32, where e^2|x| − 1 is had without cancellation. In float64
// 1 − 2 / (e^2|x| + 1), and up to ⅝ |x| + |x| x² P(x²) / Q(x²) with the polynomials of Cephes' tanh (S. Moshier).
struct Tanh {
  template <class B>
  B operator()(B x) const {
    constexpr double all_one = is_single<B> ? 20 : 40;
    const B size = xsimd::abs(x);
    const B doubled = xsimd::min(number<B>(all_one), size * number<B>(2));  // the second one if it is NaN
    const SplitExponential<B> e{doubled};
    if constexpr (is_single<B>) {
      const B less_one = xsimd::fma(e.less_one, e.scale, e.scale - number<B>(1));
      return xsimd::copysign(less_one / (less_one + number<B>(2)), x);
    } else {
      constexpr double end = 0.625;
      const auto large = size > number<B>(end);
      const B small = xsimd::min(number<B>(end), size);
      const B z = small * small;
      const B p = polynomial(z, -9.64399179425052238628e-1, -9.92877231001918586564e1, -1.61468768441708447952e3);
      const B q = polynomial(z, 1.0, 1.12811678491632931402e2, 2.23548839060100448583e3, 4.84406305325125486048e3);
      const B above = xsimd::fma(e.less_one, e.scale, e.scale + number<B>(1));
      const B quotient = xsimd::select(large, number<B>(2), z * p) / xsimd::select(large, above, q);
      const B y = xsimd::select(large, number<B>(1) - quotient, xsimd::fma(small, quotient, small));
      return xsimd::copysign(y, x);
    }
  }
};

// xsimd::erf in float64 is 68 units in the last place off around 2.2 and NaN from 1e77 on: the C library's instead.
struct Erf {
  template <class B>
  B operator()(B x) const {
    if constexpr (is_single<B>) {
      return keep_zero(x, xsimd::erf(x));
    } else {
      return per_lane(x, [](double lane) { return ::erf(lane); });
    }
  }
};

// 1 / (1 + e^−x). Where e^x is not in its usual range, 1 for positive and e^x for negative x.
struct Sigmoid {
  template <class B>
  static auto is_usual(B x) {
    return Exp::is_usual(x);
  }

  template <class B>
  static B usual(B x) {
    return number<B>(1) / (number<B>(1) + Exp::usual(negative(x)));
  }

  template <class B>
  B operator()(B x) const {
    const auto outer = xsimd::abs(x) > number<B>(Exp::largest_usual<B>);
    const B y = usual(xsimd::select(outer, number<B>(0), x));
    if (!xsimd::any(outer)) {
      return y;
    }
    const B ends = Exp{}(xsimd::select(outer, xsimd::min(x, number<B>(0)), number<B>(0)));
    return xsimd::select(outer, ends, y);
  }
};

// max(x, 0) + log1p(e^−|x|)
struct Softplus {
  template <class B>
  B operator()(B x) const {
    return Relu{}(x) + xsimd::log1p(Exp{}(negative(xsimd::abs(x))));
  }
};

struct LogSigmoid {
  template <class B>
  B operator()(B x) const {
    return negative(Softplus{}(negative(x)));
  }
};

}  // namespace

}  // namespace xgrad::run::XGRAD_ISA
