#pragma once

#include <cstdint>
#include <limits>
#include <math.h>  // NOLINT(modernize-deprecated-headers): C functions, which aren't inline, see isa_xsimd.hpp

#include "run/kernels/isa_xsimd.hpp"

/// The functions of the vector kernels, on batches. NaN in gives NaN out in all of them. Their accuracy is stated in
/// vector_kernels.hpp; where xsimd's functions miss it, they are corrected here.
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

struct Add {
  static constexpr std::size_t arity = 2;
  template <class B>
  B operator()(B a, B b) const {
    return a + b;
  }
};

struct Sub {
  static constexpr std::size_t arity = 2;
  template <class B>
  B operator()(B a, B b) const {
    return a - b;
  }
};

struct Mul {
  static constexpr std::size_t arity = 2;
  template <class B>
  B operator()(B a, B b) const {
    return a * b;
  }
};

struct Div {
  static constexpr std::size_t arity = 2;
  template <class B>
  B operator()(B a, B b) const {
    return a / b;
  }
};

struct ChainMul {
  template <class B>
  B operator()(B t, B d) const {
    const B zero = number<B>(0);
    return xsimd::select((t == zero) || ((d == zero) && !xsimd::isnan(t)), zero, t * d);
  }
};

struct ChainDiv {
  template <class B>
  B operator()(B t, B d) const {
    const B zero = number<B>(0);
    return xsimd::select(t == zero, zero, t / d);
  }
};

struct LogProduct {
  template <class B>
  B operator()(B a, B l) const {
    const B zero = number<B>(0);
    return xsimd::select((a == zero) && !xsimd::isnan(l), zero, a * l);
  }
};

// Of ±0, and where either is NaN, a machine's maximum is its second argument. +0 is larger than −0 here.
struct Maximum {
  template <class B>
  B operator()(B a, B b) const {
    return keep_nan(a, b, xsimd::max(a, b) & xsimd::max(b, a));
  }
};

struct Minimum {
  template <class B>
  B operator()(B a, B b) const {
    return keep_nan(a, b, xsimd::min(a, b) | xsimd::min(b, a));
  }
};

// Combinations that plans put in the place of several kernels; rounded as those are.
struct LogisticSlope {  // t (a (1 − a)): σ′ from σ
  template <class B>
  B operator()(B t, B a) const {
    return t * (a * (number<B>(1) - a));
  }
};

struct HyperbolicSlope {  // t (1 − a²): tanh′ from tanh
  template <class B>
  B operator()(B t, B a) const {
    return t * (number<B>(1) - a * a);
  }
};

struct AddProduct {
  static constexpr std::size_t arity = 3;
  template <class B>
  B operator()(B a, B b, B c) const {
    return a + b * c;
  }
};

struct SubProduct {
  static constexpr std::size_t arity = 3;
  template <class B>
  B operator()(B a, B b, B c) const {
    return a - b * c;
  }
};

struct Neg {
  template <class B>
  B operator()(B x) const {
    return negative(x);
  }
};

struct Square {
  template <class B>
  B operator()(B x) const {
    return x * x;
  }
};

struct Abs {
  template <class B>
  B operator()(B x) const {
    return xsimd::abs(x);
  }
};

struct Sqrt {
  template <class B>
  B operator()(B x) const {
    return xsimd::sqrt(x);
  }
};

struct Rsqrt {
  template <class B>
  B operator()(B x) const {
    return number<B>(1) / xsimd::sqrt(x);
  }
};

struct Relu {
  template <class B>
  B operator()(B x) const {
    return xsimd::select(x <= number<B>(0), number<B>(0), x);
  }
};

struct ReluSlope {
  template <class B>
  B operator()(B x) const {
    return xsimd::select(x > number<B>(0), number<B>(1), xsimd::select(x <= number<B>(0), number<B>(0), x));
  }
};

/// c₀ + c₁ x + c₂ x² + …, the coefficients given from the last one on.
template <class B, class... Rest>
B polynomial(B x, double last, Rest... rest) {
  B p = number<B>(last);
  ((p = xsimd::fma(p, x, number<B>(rest))), ...);
  return p;
}

template <class B>
using WordsOf = xsimd::batch<std::conditional_t<is_single<B>, std::uint32_t, std::uint64_t>, Arch>;

/// e^x = scale (1 + less_one), for |x| ≤ 87.3 (708.3 in float64): x = n log 2 + r with a whole n and |r| ≤ ½ log 2,
/// scale = 2ⁿ, and less_one = e^r − 1 = r + r² P(r), with the polynomial of Cephes' expf (S. Moshier) in float32, and
/// one that is fitted to 2⁻⁶¹ of less_one in float64.
template <class B>
struct SplitExponential {
  B less_one;
  B scale;

  explicit SplitExponential(B x) {
    using Words = WordsOf<B>;
    using Word = typename Words::value_type;
    constexpr bool single = is_single<B>;
    constexpr double rounding = single ? 12582912.0 : 6755399441055744.0;  // 1.5 · 2²³, 1.5 · 2⁵²: adding it rounds to
                                                                           // an integer, which is then the low bits
    constexpr double log2_upper = single ? 0.693359375 : 0x1.62e42fefa3800p-1;  // n times it is exact
    constexpr double log2_lower = single ? -2.12194440e-4 : 0x1.ef35793c76730p-45;
    const B shifted = xsimd::fma(x, number<B>(1.44269504088896340736), number<B>(rounding));
    const B n = shifted - number<B>(rounding);
    const B r = xsimd::fma(n, number<B>(-log2_lower), xsimd::fma(n, number<B>(-log2_upper), x));
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
    constexpr Word one = single ? 0x3F800000U : static_cast<Word>(0x3FF0000000000000U);
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
  static constexpr double largest = static_cast<double>(std::numeric_limits<ElementOf<B>>::max());

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

#if defined(__FMA__)
/// x = n π/2 + r with a whole n and |r| ≤ π/4, for |x| up to `largest`: π/2 is the sum of three positive parts, so that
/// −0 stays, and each product with n is subtracted before it is rounded. sin r and cos r by the polynomials of Cephes'
/// sinf and sin (S. Moshier).
template <class B>
struct QuarterTurns {
  using Integers = xsimd::batch<std::conditional_t<is_single<B>, std::int32_t, std::int64_t>, Arch>;
  static constexpr double largest = is_single<B> ? 1e5 : 1e8;
  B r;
  Integers turns;  // the low bits are those of n

  explicit QuarterTurns(B x) {
    constexpr bool single = is_single<B>;
    constexpr double rounding = single ? 12582912.0 : 6755399441055744.0;  // 1.5 · 2²³, 1.5 · 2⁵²
    const B shifted = xsimd::fma(x, number<B>(0.63661977236758134308), number<B>(rounding));
    const B n = shifted - number<B>(rounding);
    r = xsimd::fnma(n, number<B>(single ? 0x1.921fb4p+0 : 0x1.921fb54442d18p+0), x);
    r = xsimd::fnma(n, number<B>(single ? 0x1.4442dp-24 : 0x1.1a62633145c06p-54), r);
    r = xsimd::fnma(n, number<B>(single ? 0x1.846988p-48 : 0x1.c1cd129024e08p-107), r);
    turns = xsimd::bitwise_cast<Integers>(shifted);
  }

  B sine() const {
    const B s = r * r;
    B p;
    if constexpr (is_single<B>) {
      p = polynomial(s, -1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1, 1.0);
    } else {
      p = polynomial(s, 1.58962301576546568060e-10, -2.50507477628578072866e-8, 2.75573136213857245213e-6,
                     -1.98412698295895385996e-4, 8.33333333332211858878e-3, -1.66666666666666307295e-1, 1.0);
    }
    return p * r;
  }

  B cosine() const {
    const B s = r * r;
    B p;
    if constexpr (is_single<B>) {
      p = polynomial(s, 2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2);
    } else {
      p = polynomial(s, -1.13585365213876817300e-11, 2.08757008419747316778e-9, -2.75573141792967388112e-7,
                     2.48015872888517045348e-5, -1.38888888888730564116e-3, 4.16666666666665929218e-2);
    }
    return xsimd::fma(s * s, p, xsimd::fma(s, number<B>(-0.5), number<B>(1)));
  }

  /// sin(r + q π/2) for q of the given turns.
  B sine_after(Integers q) const {
    using Element = typename Integers::value_type;
    constexpr int to_sign = is_single<B> ? 30 : 62;
    const B odd = xsimd::bitwise_cast<B>((q & Integers(Element{1})) << to_sign);  // 0 or 2
    const B sign = xsimd::bitwise_cast<B>((q & Integers(Element{2})) << to_sign);
    return xsimd::select(odd == number<B>(0), sine(), cosine()) ^ sign;
  }
};

// Where |x| is too large, the C library's.
struct Sin {
  template <class B>
  static auto is_usual(B x) {
    return xsimd::abs(x) <= number<B>(QuarterTurns<B>::largest);
  }

  template <class B>
  static B usual(B x) {
    const QuarterTurns<B> x_of_r{x};
    return x_of_r.sine_after(x_of_r.turns);
  }

  template <class B>
  B operator()(B x) const {
    const auto here = is_usual(x);
    const B y = usual(xsimd::select(here, x, number<B>(0)));
    return xsimd::all(here) ? y : xsimd::select(here, y, per_lane(x, [](double lane) { return ::sin(lane); }));
  }
};

struct Cos {
  template <class B>
  static auto is_usual(B x) {
    return Sin::is_usual(x);
  }

  template <class B>
  static B usual(B x) {
    using Integers = typename QuarterTurns<B>::Integers;
    const QuarterTurns<B> x_of_r{x};
    return x_of_r.sine_after(x_of_r.turns + Integers(typename Integers::value_type{1}));
  }

  template <class B>
  B operator()(B x) const {
    const auto here = is_usual(x);
    const B y = usual(xsimd::select(here, x, number<B>(0)));
    return xsimd::all(here) ? y : xsimd::select(here, y, per_lane(x, [](double lane) { return ::cos(lane); }));
  }
};
#else
// xsimd reduces all lanes to a quarter of a circle as the largest of them needs it, and rounds differently each way: an
// element would depend on its neighbours. So those of each way are given to f by themselves, others with what goes
// the same way. Where |x| is too large for either, the C library's g.
template <class B, class F, class G>
B by_reduction(B x, F f, G g) {
  const B size = xsimd::abs(x);
  B limit = xsimd::constants::pio2<B>();
  const auto small = size <= limit;
  if (xsimd::all(small)) {
    return f(x);
  }
  B y = f(xsimd::select(small, x, number<B>(0)));
  for (const B next : {xsimd::constants::twentypi<B>(), xsimd::constants::mediumpi<B>()}) {
    if (const auto here = size > limit && size <= next; xsimd::any(here)) {
      y = xsimd::select(here, f(xsimd::select(here, x, next)), y);
    }
    limit = next;
  }
  const auto rest = !(size <= limit);  // NaN too
  return xsimd::any(rest) ? xsimd::select(rest, per_lane(x, g), y) : y;
}

struct Sin {
  template <class B>
  B operator()(B x) const {
    const auto f = [](B lanes) { return xsimd::sin(lanes); };
    return keep_zero(x, by_reduction(x, f, [](double lane) { return ::sin(lane); }));
  }
};

struct Cos {
  template <class B>
  B operator()(B x) const {
    const auto f = [](B lanes) { return xsimd::cos(lanes); };
    return by_reduction(x, f, [](double lane) { return ::cos(lane); });
  }
};
#endif

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
