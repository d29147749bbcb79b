#pragma once

#include "run/kernels/arithmetic_functions.hpp"
#include "run/kernels/exponential_functions.hpp"

/// Activations and their derivatives, on batches. Each keeps its digits in its tails, where the value itself goes to 0:
/// with t = |x| and a tail q(t) that is small, f(t) = t − t q(t) and f(−t) = −t q(t), f′(t) = 1 − d(t) and f′(−t) =
/// d(t).
namespace xgrad::run::XGRAD_ISA {

namespace {  // NOLINT(google-build-namespaces): one copy per instruction set

/// What rounding x y to `product` left out.
template <class B>
B product_error(B x, B y, B product) {
#if defined(__FMA__)
  return xsimd::fms(x, y, product);
#else
  using Words = WordsOf<B>;
  using Word = typename Words::value_type;
  constexpr Word half = is_single<B> ? 0xFFFFF000U : static_cast<Word>(0xFFFFFFFFF8000000U);  // of the digits
  const auto upper = [](B whole) { return xsimd::bitwise_cast<B>(xsimd::bitwise_cast<Words>(whole) & Words(half)); };
  const B x_upper = upper(x);
  const B y_upper = upper(y);
  const B x_lower = x - x_upper;
  const B y_lower = y - y_upper;
  return ((x_upper * y_upper - product) + x_upper * y_lower + x_lower * y_upper) + x_lower * y_lower;
#endif
}

// Exponentials down to the smallest subnormal number, as normal ones 2^raised larger.
template <class B>
constexpr int raised = is_single<B> ? 64 : 512;
template <class B>
constexpr double lowered = is_single<B> ? 0x1p-64 : 0x1p-512;

template <class B>
B raised_exponential(B x, B correction) {
  const SplitExponential<B, raised<B>> e{x, correction};
  return xsimd::fma(e.less_one, e.scale, e.scale);
}

/// For t ≥ 0: e^(−t²/2), raised, and Φ(−t) e^(t²/2), Φ being the normal distribution. With s = (t − 4) / (t + 4), (t +
/// 4) times the latter is a polynomial in s, the Chebyshev series on the whole range to 2⁻²⁸ (2⁻⁵⁸).
template <class B>
struct NormalTail {
  static constexpr double all_zero = is_single<B> ? 14.6 : 39;  // t Φ(−t) is from here on
  B density;
  B ratio;

  explicit NormalTail(B t) {
    const B square = t * t;
    const B half = number<B>(-0.5);
    density = raised_exponential(half * square, half * product_error(t, t, square));
    const B inverse = number<B>(1) / (t + number<B>(4));
    const B s = (t - number<B>(4)) * inverse;
    B p;
    if constexpr (is_single<B>) {
      p = polynomial(s, -0x1.ad95bep-15, -0x1.e56996p-13, 0x1.652936p-13, 0x1.af0b3cp-10, -0x1.c954ccp-9,
                     -0x1.ee75a8p-8, 0x1.eec6dcp-5, -0x1.7dfee6p-3, 0x1.8c6dbcp-2, -0x1.373e3cp-1, 0x1.82b4bcp-1);
    } else {
      p = polynomial(s, -0x1.7e6fef8476222p-31, -0x1.5158de47a1942p-29, 0x1.fb14fd1e9c306p-30, 0x1.4cdba6c55ad1cp-26,
                     0x1.c9b2c09b4c169p-27, -0x1.6d2e10e8fb51ap-24, -0x1.4cac86dc7670fp-23, 0x1.237b8b615a214p-22,
                     0x1.1232533f94c59p-20, -0x1.51f6f7cc2ec49p-21, -0x1.8d4ab640014c5p-18, 0x1.80b89fbbeb8adp-21,
                     0x1.26d0960e84696p-15, -0x1.001eba33054a8p-19, -0x1.e4a425467e592p-13, 0x1.17a4ae6fec503p-13,
                     0x1.ab825fc05dc33p-10, -0x1.c81719d5a296fp-9, -0x1.ee2761047c435p-8, 0x1.eec4cc3e4d691p-5,
                     -0x1.7dff2bff683a7p-3, 0x1.8c6dbf2cfc2b2p-2, -0x1.373e3a893c28ap-1, 0x1.82b4bb8c94dcep-1);
    }
    ratio = p * inverse;
  }
};

// x Φ(x)
struct Gelu {
  template <class B>
  B operator()(B x) const {
    const B t = xsimd::min(number<B>(NormalTail<B>::all_zero), xsimd::abs(x));  // the second one if it is NaN
    const NormalTail<B> tail{t};
    const B g = t * (tail.density * tail.ratio) * number<B>(lowered<B>);
    return xsimd::select(x < number<B>(0), negative(g), x - g);
  }
};

// Φ(x) + x φ(x)
struct GeluSlope {
  template <class B>
  B operator()(B x) const {
    constexpr double half_from = is_single<B> ? 0x1p-26 : 0x1p-55;
    constexpr double inverse_root_of_two_pi = 0.39894228040143267794;
    const B t = xsimd::min(number<B>(NormalTail<B>::all_zero), xsimd::abs(x));
    const NormalTail<B> tail{t};
    const B rest = xsimd::fma(t, number<B>(-inverse_root_of_two_pi), tail.ratio);
    B d = tail.density * rest * number<B>(lowered<B>);
    d = xsimd::select(t < number<B>(half_from), number<B>(0.5), d);
    return xsimd::select(x < number<B>(0), d, number<B>(1) - d);
  }
};

/// For t ≥ 0: e = e^−z, raised, and q = 1 / (1 + e^−z), with z = √(8/π) (t + 0.044715 t³) in twice the digits.
template <class B>
struct TanhTail {
  static constexpr double all_zero = is_single<B> ? 10.9 : 21.6;  // t e^−z is from here on
  B e;
  B q;

  explicit TanhTail(B t) {
    constexpr bool single = is_single<B>;
    // √(8/π) and 0.044715 √(8/π), each as a number of type T and what that leaves out.
    constexpr double first = single ? 0x1.988454p+0 : 0x1.9884533d43651p+0;
    constexpr double first_rest = single ? -0x1.857936p-25 : -0x1.cbc0d30ebfd15p-54;
    constexpr double third = single ? 0x1.2444f2p-4 : 0x1.2444f2a4d8b4bp-4;
    constexpr double third_rest = single ? 0x1.49b16ap-29 : -0x1.6c843a29d1c70p-61;
    const B square = t * t;
    const B cube = t * square;
    const B cube_rest = xsimd::fma(t, product_error(t, t, square), product_error(t, square, cube));
    const B a = number<B>(first) * t;
    const B b = number<B>(third) * cube;
    const B a_rest = xsimd::fma(t, number<B>(first_rest), product_error(number<B>(first), t, a));
    const B b_rest = xsimd::fma(cube, number<B>(third_rest), product_error(number<B>(third), cube, b)) +
                     number<B>(third) * cube_rest;
    const B z = a + b;
    const B of_b = z - a;
    const B z_rest = ((a - (z - of_b)) + (b - of_b)) + (a_rest + b_rest);
    e = raised_exponential(negative(z), negative(z_rest));
    q = number<B>(1) / xsimd::fma(e, number<B>(lowered<B>), number<B>(1));
  }
};

// x σ(z), z = √(8/π) (x + 0.044715 x³)
struct GeluTanh {
  template <class B>
  B operator()(B x) const {
    const B t = xsimd::min(number<B>(TanhTail<B>::all_zero), xsimd::abs(x));
    const TanhTail<B> tail{t};
    const B g = t * (tail.e * tail.q) * number<B>(lowered<B>);
    return xsimd::select(x < number<B>(0), negative(g), x - g);
  }
};

// σ(z) + x σ′(z) z′
struct GeluTanhSlope {
  template <class B>
  B operator()(B x) const {
    constexpr double first = 1.5957691216057307117597842397375;
    const B t = xsimd::min(number<B>(TanhTail<B>::all_zero), xsimd::abs(x));
    const TanhTail<B> tail{t};
    const B t_slope = t * xsimd::fma(t * t, number<B>(3 * 0.044715 * first), number<B>(first));
    const B d = tail.e * tail.q * (number<B>(1) - t_slope * tail.q) * number<B>(lowered<B>);
    return xsimd::select(x < number<B>(0), d, number<B>(1) - d);
  }
};

/// factor e^x for x below the usual range of e^x, where that is subnormal or 0, and elsewhere `otherwise`.
template <class B>
B with_lower_tail(B x, B factor, B otherwise) {
  constexpr double all_zero = is_single<B> ? 170 : 1410;
  const auto below = x < number<B>(-Exp::largest_usual<B>);
  if (!xsimd::any(below)) {
    return otherwise;
  }
  const B half = number<B>(0.5) * xsimd::max(number<B>(-all_zero), xsimd::select(below, x, number<B>(0)));
  const B root = Exp::usual(half);
  const B finite = xsimd::select(below, xsimd::max(number<B>(-2 * all_zero), factor), number<B>(0));
  return xsimd::select(below, finite * root * root, otherwise);
}

/// x in the usual range of e^x, NaN as it is.
template <class B>
B usual_part(B x) {
  constexpr double end = Exp::largest_usual<B>;
  return xsimd::min(number<B>(end), xsimd::max(number<B>(-end), x));
}

// x σ(x) = x / (1 + e^−x)
struct Silu {
  template <class B>
  static auto is_usual(B x) {
    return Exp::is_usual(x);
  }
  template <class B>
  static B usual(B x) {
    return x / (number<B>(1) + Exp::usual(negative(x)));
  }
  template <class B>
  B operator()(B x) const {
    const auto above = x > number<B>(Exp::largest_usual<B>);
    return with_lower_tail(x, x, xsimd::select(above, x, usual(usual_part(x))));
  }
};

// σ + x σ (1 − σ) = σ (1 + x e^−x σ)
struct SiluSlope {
  template <class B>
  static auto is_usual(B x) {
    return Exp::is_usual(x);
  }
  template <class B>
  static B usual(B x) {
    const B e = Exp::usual(negative(x));
    const B s = number<B>(1) / (number<B>(1) + e);
    return s * xsimd::fma(x, e * s, number<B>(1));
  }
  template <class B>
  B operator()(B x) const {
    return with_lower_tail(x, x + number<B>(1), usual(usual_part(x)));
  }
};

// x tanh(log(1 + n)) = x w / (w + 2), with n = e^x and w = n (n + 2); x itself where 1 is all that is left of the
// quotient.
template <class B>
struct MishParts {
  B n;
  B w;
  explicit MishParts(B x) {
    constexpr double all_one = is_single<B> ? 20 : 40;
    n = Exp::usual(xsimd::min(number<B>(all_one), x));
    w = n * (n + number<B>(2));
  }
};

struct Mish {
  template <class B>
  static auto is_usual(B x) {
    return Exp::is_usual(x);
  }
  template <class B>
  static B usual(B x) {
    const MishParts<B> parts{x};
    return x * (parts.w / (parts.w + number<B>(2)));
  }
  template <class B>
  B operator()(B x) const {
    const auto above = x > number<B>(Exp::largest_usual<B>);
    return with_lower_tail(x, x, xsimd::select(above, x, usual(usual_part(x))));
  }
};

// (w + 4 x n (n + 1) / (w + 2)) / (w + 2)
struct MishSlope {
  template <class B>
  static auto is_usual(B x) {
    return Exp::is_usual(x);
  }
  template <class B>
  static B usual(B x) {
    const MishParts<B> parts{x};
    const B inverse = number<B>(1) / (parts.w + number<B>(2));
    const B moved = number<B>(4) * x * (parts.n * inverse) * (parts.n + number<B>(1));
    return (parts.w + moved) * inverse;
  }
  template <class B>
  B operator()(B x) const {
    return with_lower_tail(x, x + number<B>(1), usual(usual_part(x)));
  }
};

// x, and e^x − 1 below 0
struct Elu {
  template <class B>
  B operator()(B x) const {
    constexpr double all_minus_one = -80;
    const B below = xsimd::max(number<B>(all_minus_one), xsimd::min(number<B>(0), x));
    return xsimd::select(x > number<B>(0), x, Expm1::usual(below));
  }
};

// 1, and e^x below 0
struct EluSlope {
  template <class B>
  static auto is_usual(B x) {
    return x >= number<B>(-Exp::largest_usual<B>);
  }
  template <class B>
  static B usual(B x) {
    return Exp::usual(xsimd::min(number<B>(0), x));
  }
  template <class B>
  B operator()(B x) const {
    return Exp{}(xsimd::min(number<B>(0), x));
  }
};

}  // namespace

}  // namespace xgrad::run::XGRAD_ISA
