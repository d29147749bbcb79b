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
    lane = f(lane);
  }
  return B::load_aligned(lanes);
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

// isnan, because xsimd::operator!= says that NaN = NaN on AVX.
struct Maximum {
  template <class B>
  B operator()(B a, B b) const {
    return xsimd::select(a > b, a, xsimd::select(xsimd::isnan(a), a, b));
  }
};

struct Minimum {
  template <class B>
  B operator()(B a, B b) const {
    return xsimd::select(a < b, a, xsimd::select(xsimd::isnan(a), a, b));
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
    return -x;
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

  template <class B>
  B operator()(B x) const {
    constexpr bool single = is_single<B>;
    constexpr double all_zero = single ? 104 : 746;  // or infinite
    B y = usual(x);
    const B size = xsimd::abs(x);
    if (const auto outer = size > number<B>(largest_usual<B>); xsimd::any(outer)) {
      constexpr double s = single ? 44.642578125 : 352.8037109375;
      constexpr double exp_s = single ? 24435731115546504754.4 : 1.66228258558995512128e153;
      constexpr double exp_minus_s = single ? 4.09236783238474613825e-20 : 6.01582431692920222302e-154;
      const auto positive = x > number<B>(0);
      const B shifted = x - xsimd::select(positive, number<B>(s), number<B>(-s));
      const B factor = xsimd::select(positive, number<B>(exp_s), number<B>(exp_minus_s));
      const B end = xsimd::select(positive, number<B>(std::numeric_limits<double>::infinity()), number<B>(0));
      y = xsimd::select(outer, xsimd::select(size < number<B>(all_zero), usual(shifted) * factor, end), y);
    }
    return y;
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
    return y;
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
    return xsimd::log1p(x);
  }
};

// xsimd reduces all lanes to a quarter of a circle as the largest of them needs it, and rounds differently each way: an
// element would depend on its neighbours. So those of each way are given to f by themselves, others with what goes
// the same way.
template <class B, class F>
B by_reduction(B x, F f) {
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
  return xsimd::any(rest) ? xsimd::select(rest, f(x), y) : y;
}

struct Sin {
  template <class B>
  B operator()(B x) const {
    return by_reduction(x, [](B lanes) { return xsimd::sin(lanes); });
  }
};

struct Cos {
  template <class B>
  B operator()(B x) const {
    return by_reduction(x, [](B lanes) { return xsimd::cos(lanes); });
  }
};

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
      return xsimd::tanh(x);
    }
  }
};

// xsimd::erf in float64 is 68 units in the last place off around 2.2 and NaN from 1e77 on: the C library's instead.
struct Erf {
  template <class B>
  B operator()(B x) const {
    if constexpr (is_single<B>) {
      return xsimd::erf(x);
    } else {
      return per_lane(x, [](double lane) { return ::erf(lane); });
    }
  }
};

// 1 / (1 + e^−x). e^−x is infinite only where the result is below the normal range, and is 0 then.
struct Sigmoid {
  template <class B>
  static auto is_usual(B x) {
    return Exp::is_usual(x);
  }

  template <class B>
  static B usual(B x) {
    return number<B>(1) / (number<B>(1) + Exp::usual(-x));
  }

  template <class B>
  B operator()(B x) const {
    return number<B>(1) / (number<B>(1) + Exp{}(-x));
  }
};

// max(x, 0) + log1p(e^−|x|)
struct Softplus {
  template <class B>
  B operator()(B x) const {
    return Relu{}(x) + xsimd::log1p(Exp{}(-xsimd::abs(x)));
  }
};

struct LogSigmoid {
  template <class B>
  B operator()(B x) const {
    return -Softplus{}(-x);
  }
};

}  // namespace

}  // namespace xgrad::run::XGRAD_ISA
