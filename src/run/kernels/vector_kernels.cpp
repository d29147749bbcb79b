#include "run/kernels/vector_kernels.hpp"

#include <utility>

#include "run/kernels/vector_functions.hpp"

// This file is compiled once per instruction set, with XGRAD_ISA naming the namespace; see isa_xsimd.hpp.
namespace xgrad::run::XGRAD_ISA {

namespace {

// step(k) for every k at which a whole batch starts; where the rest starts.
template <std::size_t Lanes, class Step>
std::size_t whole_batches(std::size_t count, Step step) {
  std::size_t k = 0;
  for (; k + 4 * Lanes <= count; k += 4 * Lanes) {
    step(k);
    step(k + Lanes);
    step(k + 2 * Lanes);
    step(k + 3 * Lanes);
  }
  for (; k + Lanes <= count; k += Lanes) {
    step(k);
  }
  return k;
}

// An input: a tile, or one element for all of the tile.
template <class T, bool Scalar>
class Input {
 public:
  explicit Input(const void* memory) : x_{static_cast<const T*>(memory)}, all_(Scalar ? *x_ : T{0}) {}

  const T* from(std::size_t k) const { return x_ + k; }

  Batch<T> at(std::size_t k) const {
    if constexpr (Scalar) {
      return all_;
    } else {
      return Batch<T>::load_unaligned(x_ + k);
    }
  }

  // `count` elements with ones behind them, for which no function raises a floating-point exception.
  Batch<T> partial(std::size_t k, std::size_t count) const {
    if constexpr (Scalar) {
      return all_;
    } else {
      return load_first(x_ + k, count, T{1});
    }
  }

 private:
  const T* x_;
  Batch<T> all_;
};

// The tail of a tile goes through the same vector code, padded: an element's result doesn't depend on its place.
template <class T, class F, class... Inputs>
void map(void* out, std::size_t count, F f, const Inputs&... inputs) {
  constexpr std::size_t lanes = Batch<T>::size;
  T* result = static_cast<T*>(out);
  const std::size_t k =
      whole_batches<lanes>(count, [&](std::size_t at) { f(inputs.at(at)...).store_unaligned(result + at); });
  if (k < count) {
    store_first<T>(f(inputs.partial(k, count - k)...), result + k, count - k);
  }
}

// As above for a function that is cheaper for usual arguments, and the same: four batches are looked at together.
template <class T, class F>
void map_usual(void* out, std::size_t count, F f, const Input<T, false>& input) {
  constexpr std::size_t lanes = Batch<T>::size;
  T* result = static_cast<T*>(out);
  std::size_t k = 0;
  for (; k + 4 * lanes <= count; k += 4 * lanes) {
    const Batch<T> x0 = input.at(k);
    const Batch<T> x1 = input.at(k + lanes);
    const Batch<T> x2 = input.at(k + 2 * lanes);
    const Batch<T> x3 = input.at(k + 3 * lanes);
    if (xsimd::all(f.is_usual(x0) && f.is_usual(x1) && f.is_usual(x2) && f.is_usual(x3))) {
      f.usual(x0).store_unaligned(result + k);
      f.usual(x1).store_unaligned(result + k + lanes);
      f.usual(x2).store_unaligned(result + k + 2 * lanes);
      f.usual(x3).store_unaligned(result + k + 3 * lanes);
    } else {
      f(x0).store_unaligned(result + k);
      f(x1).store_unaligned(result + k + lanes);
      f(x2).store_unaligned(result + k + 2 * lanes);
      f(x3).store_unaligned(result + k + 3 * lanes);
    }
  }
  if (k < count) {
    map<T>(result + k, count - k, f, Input<T, false>{input.from(k)});
  }
}

template <class F, class T, unsigned Scalars, std::size_t... I>
void call(const void* const* inputs, void* out, std::size_t count, std::index_sequence<I...> /*unused*/) {
  if constexpr (requires(F f, Batch<T> x) { f.is_usual(x); }) {
    map_usual<T>(out, count, F{}, Input<T, false>{inputs[I]}...);
  } else {
    map<T>(out, count, F{}, Input<T, ((Scalars >> I) & 1U) != 0>{inputs[I]}...);
  }
}

// Bit i of Scalars: input i is one element.
template <class F, std::size_t Arity, unsigned Scalars = 0>
VectorKernel kernel() {
  using Indices = std::make_index_sequence<Arity>;
  return {[](const Operation&, const void* const* in, void* out, std::size_t n) {
            call<F, float, Scalars>(in, out, n, Indices{});
          },
          [](const Operation&, const void* const* in, void* out, std::size_t n) {
            call<F, double, Scalars>(in, out, n, Indices{});
          }};
}

template <class F>
VectorKernel unary() {
  return kernel<F, 1>();
}

template <class F>
VectorKernel binary() {
  return kernel<F, 2>();
}

template <class F>
VectorKernel ternary() {
  return kernel<F, 3>();
}

template <class F>
VectorKernel scalar_form(unsigned scalars) {
  switch (scalars) {
    case 1:
      return kernel<F, F::arity, 1>();
    case 2:
      return kernel<F, F::arity, 2>();
    default:
      break;
  }
  if constexpr (F::arity == 3) {
    switch (scalars) {
      case 3:
        return kernel<F, 3, 3>();
      case 4:
        return kernel<F, 3, 4>();
      case 5:
        return kernel<F, 3, 5>();
      default:
        break;
    }
  }
  return {};
}

VectorKernels make() {
  VectorKernels k;
  k.add = binary<Add>();
  k.sub = binary<Sub>();
  k.mul = binary<Mul>();
  k.div = binary<Div>();
  k.chain_mul = binary<ChainMul>();
  k.chain_div = binary<ChainDiv>();
  k.log_product = binary<LogProduct>();
  k.neg = unary<Neg>();
  k.square = unary<Square>();
  k.abs = unary<Abs>();
  k.maximum = binary<Maximum>();
  k.minimum = binary<Minimum>();
  k.sqrt = unary<Sqrt>();
  k.rsqrt = unary<Rsqrt>();
  k.exp = unary<Exp>();
  k.expm1 = unary<Expm1>();
  k.log = unary<Log>();
  k.log1p = unary<Log1p>();
  k.sin = unary<Sin>();
  k.cos = unary<Cos>();
  k.tanh = unary<Tanh>();
  k.erf = unary<Erf>();
  k.sigmoid = unary<Sigmoid>();
  k.relu = unary<Relu>();
  k.relu_slope = unary<ReluSlope>();
  k.softplus = unary<Softplus>();
  k.log_sigmoid = unary<LogSigmoid>();
  k.tan = unary<Tan>();
  k.asin = unary<Asin>();
  k.acos = unary<Acos>();
  k.atan = unary<Atan>();
  k.sinh = unary<Sinh>();
  k.cosh = unary<Cosh>();
  k.asinh = unary<Asinh>();
  k.acosh = unary<Acosh>();
  k.atanh = unary<Atanh>();
  k.exp2 = unary<Exp2>();
  k.log2 = unary<Log2>();
  k.log10 = unary<Log10>();
  k.floor = unary<Floor>();
  k.ceil = unary<Ceil>();
  k.round = unary<Round>();
  k.trunc = unary<Trunc>();
  k.gelu = unary<Gelu>();
  k.gelu_slope = unary<GeluSlope>();
  k.gelu_tanh = unary<GeluTanh>();
  k.gelu_tanh_slope = unary<GeluTanhSlope>();
  k.silu = unary<Silu>();
  k.silu_slope = unary<SiluSlope>();
  k.mish = unary<Mish>();
  k.mish_slope = unary<MishSlope>();
  k.elu = unary<Elu>();
  k.elu_slope = unary<EluSlope>();
  k.logistic_slope = binary<LogisticSlope>();
  k.hyperbolic_slope = binary<HyperbolicSlope>();
  k.chain_logistic_slope = binary<ChainLogisticSlope>();
  k.chain_hyperbolic_slope = binary<ChainHyperbolicSlope>();
  k.add_product = ternary<AddProduct>();
  k.sub_product = ternary<SubProduct>();
  for (unsigned scalars = 1; scalars < VectorKernels::scalar_masks; ++scalars) {
    k.add_scalars[scalars] = scalar_form<Add>(scalars);
    k.sub_scalars[scalars] = scalar_form<Sub>(scalars);
    k.mul_scalars[scalars] = scalar_form<Mul>(scalars);
    k.div_scalars[scalars] = scalar_form<Div>(scalars);
    k.add_product_scalars[scalars] = scalar_form<AddProduct>(scalars);
    k.sub_product_scalars[scalars] = scalar_form<SubProduct>(scalars);
  }
  return k;
}

}  // namespace

const VectorKernels& vector_kernels() noexcept {
  static const VectorKernels kernels = make();
  return kernels;
}

}  // namespace xgrad::run::XGRAD_ISA
