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

/// e^x = scale (1 + less_one), for float32 and |x| ≤ 87.3: x = n log 2 + r with a whole n and |r| ≤ ½ log 2, scale =
/// 2ⁿ, and less_one = e^r − 1 = r + r² P(r), with the polynomial of Cephes' expf (S. Moshier).
template <class B>
struct SplitExponential {
  B less_one;
  B scale;

  explicit SplitExponential(B x) {
    using Integers = xsimd::batch<std::int32_t, Arch>;
    constexpr double rounding = 12582912.0;  // 1.5 · 2²³: adding it rounds to an integer, which is then the low bits
    const B shifted = xsimd::fma(x, number<B>(1.44269504088896341), number<B>(rounding));
    const B n = shifted - number<B>(rounding);
    const B r = xsimd::fma(n, number<B>(2.12194440e-4), xsimd::fma(n, number<B>(-0.693359375), x));
    B p = number<B>(1.9875691500e-4);
    p = xsimd::fma(p, r, number<B>(1.3981999507e-3));
    p = xsimd::fma(p, r, number<B>(8.3334519073e-3));
    p = xsimd::fma(p, r, number<B>(4.1665795894e-2));
    p = xsimd::fma(p, r, number<B>(1.6666665459e-1));
    p = xsimd::fma(p, r, number<B>(5.0000001201e-1));
    less_one = xsimd::fma(p, r * r, r);
    const Integers exponent = (xsimd::bitwise_cast<Integers>(shifted) << 23) + Integers(0x3F800000);
    scale = xsimd::bitwise_cast<B>(exponent);
  }
};

// xsimd::exp is infinite from 88.38 on where the result ends at 88.72 (709.44 and 709.78 in float64), and 0 where it is
// subnormal. There e^x = e^(x ∓ s) e^±s, with an s that makes x ∓ s exact and e^±s all but
// representable.
struct Exp {
  template <class B>
  static constexpr double largest_usual = is_single<B> ? 87.3 : 708.3;

  template <class B>
  static auto is_usual(B x) {
    return xsimd::abs(x) <= number<B>(largest_usual<B>);
  }

  template <class B>
  static B usual(B x) {
    if constexpr (is_single<B>) {
      const SplitExponential<B> e{x};
      return xsimd::fma(e.less_one, e.scale, e.scale);
    } else {
      return xsimd::exp(x);
    }
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

// xsimd::expm1 is infinite too early, like exp, which it equals there.
struct Expm1 {
  template <class B>
  B operator()(B x) const {
    B y = xsimd::expm1(x);
    if (const auto large = x > number<B>(is_single<B> ? 88.3 : 709.4); xsimd::any(large)) {
      y = xsimd::select(large, Exp{}(x), y);
    }
    return keep_zero(x, y);
  }
};

// xsimd::log is wrong for subnormal float64; there log x = log(2⁵⁴ x) − 54 log 2.
struct Log {
  template <class B>
  B operator()(B x) const {
    B y = xsimd::log(x);
    if constexpr (!is_single<B>) {
      const auto subnormal = x > number<B>(0) && x < number<B>(0x1p-1022);
      if (xsimd::any(subnormal)) {
        const B scaled = xsimd::log(x * number<B>(0x1p54)) - number<B>(37.42994775023704793);
        y = xsimd::select(subnormal, scaled, y);
      }
    }
    return y;
  }
};

struct Log1p {
  template <class B>
  B operator()(B x) const {
    return keep_zero(x, xsimd::log1p(x));
  }
};

#if defined(__FMA__)
/// x = n π/2 + r with a whole n and |r| ≤ π/4, for |x| up to `largest`: π/2 is the sum of three parts, and each product
/// with n is added before it is rounded. sin r and cos r by the polynomials of Cephes' sinf and sin (S. Moshier).
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
    r = xsimd::fma(n, number<B>(single ? -1.57079637050628662109375 : -1.5707963267948965580), x);
    r = xsimd::fma(n, number<B>(single ? 4.37113882867379e-8 : -6.1232339957367660359e-17), r);
    r = xsimd::fma(n, number<B>(single ? 1.7151245100059e-15 : 1.4973849048591833e-33), r);
    turns = xsimd::bitwise_cast<Integers>(shifted);
  }

  B sine() const {
    const B s = r * r;
    B p;
    if constexpr (is_single<B>) {
      p = polynomial(s, -1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1);
    } else {
      p = polynomial(s, 1.58962301576546568060e-10, -2.50507477628578072866e-8, 2.75573136213857245213e-6,
                     -1.98412698295895385996e-4, 8.33333333332211858878e-3, -1.66666666666666307295e-1);
    }
    return xsimd::fma(p * s, r, r);
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

 private:
  template <class... Rest>
  static B polynomial(B s, double first, Rest... rest) {
    B p = number<B>(first);
    ((p = xsimd::fma(p, s, number<B>(rest))), ...);
    return p;
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
    return keep_zero(x, x_of_r.sine_after(x_of_r.turns));
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

// tanh |x| = (e^2|x| − 1) / (e^2|x| + 1), in float32, where e^2|x| − 1 is had without cancellation.
struct Tanh {
  template <class B>
  B operator()(B x) const {
    if constexpr (is_single<B>) {
      const B doubled = xsimd::min(number<B>(20), xsimd::abs(x) * number<B>(2));  // the second one if it is NaN
      const SplitExponential<B> e{doubled};
      const B less_one = xsimd::fma(e.less_one, e.scale, e.scale - number<B>(1));
      return xsimd::copysign(less_one / (less_one + number<B>(2)), x);
    } else {
      return keep_zero(x, xsimd::tanh(x));
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
