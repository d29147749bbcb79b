#pragma once

#include "run/kernels/batch.hpp"

/// Arithmetic, and functions that are a few instructions: on batches.
namespace xgrad::run::XGRAD_ISA {

namespace {  // NOLINT(google-build-namespaces): one copy per instruction set

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

struct ChainLogisticSlope {  // the same by ChainMul
  template <class B>
  B operator()(B t, B a) const {
    return ChainMul{}(t, a * (number<B>(1) - a));
  }
};

struct HyperbolicSlope {  // t (1 − a²): tanh′ from tanh
  template <class B>
  B operator()(B t, B a) const {
    return t * (number<B>(1) - a * a);
  }
};

struct ChainHyperbolicSlope {  // the same by ChainMul
  template <class B>
  B operator()(B t, B a) const {
    return ChainMul{}(t, number<B>(1) - a * a);
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

}  // namespace

}  // namespace xgrad::run::XGRAD_ISA
