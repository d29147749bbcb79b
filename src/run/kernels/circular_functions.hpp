#pragma once

#include "run/kernels/batch.hpp"

/// Sine and cosine, on batches.
namespace xgrad::run::XGRAD_ISA {

namespace {  // NOLINT(google-build-namespaces): one copy per instruction set

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

}  // namespace

}  // namespace xgrad::run::XGRAD_ISA
