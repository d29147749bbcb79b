#pragma once

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
  template <class B>
  B operator()(B a, B b) const {
    return a + b;
  }
};

struct Sub {
  template <class B>
  B operator()(B a, B b) const {
    return a - b;
  }
};

struct Mul {
  template <class B>
  B operator()(B a, B b) const {
    return a * b;
  }
};

struct Div {
  template <class B>
  B operator()(B a, B b) const {
    return a / b;
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

// xsimd::exp is infinite from 88.38 on where the result ends at 88.72 (709.44 and 709.78 in float64), and 0 where it is
// subnormal. There e^x = e^(x ∓ s) e^±s, with an s that makes x ∓ s exact and e^±s all but
// representable.
struct Exp {
  template <class B>
  B operator()(B x) const {
    constexpr bool single = is_single<B>;
    constexpr double trusted = single ? 87.3 : 708.3;
    constexpr double all_zero = single ? 104 : 746;  // or infinite
    B y = xsimd::exp(x);
    const B size = xsimd::abs(x);
    if (const auto outer = size > number<B>(trusted) && size < number<B>(all_zero); xsimd::any(outer)) {
      constexpr double s = single ? 44.642578125 : 352.8037109375;
      constexpr double exp_s = single ? 24435731115546504754.4 : 1.66228258558995512128e153;
      constexpr double exp_minus_s = single ? 4.09236783238474613825e-20 : 6.01582431692920222302e-154;
      const auto positive = x > number<B>(0);
      const B shifted = x - xsimd::select(positive, number<B>(s), number<B>(-s));
      const B factor = xsimd::select(positive, number<B>(exp_s), number<B>(exp_minus_s));
      y = xsimd::select(outer, xsimd::exp(shifted) * factor, y);
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

struct Tanh {
  template <class B>
  B operator()(B x) const {
    return xsimd::tanh(x);
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
