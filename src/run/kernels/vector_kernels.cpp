#include "run/kernels/vector_kernels.hpp"

#include <cstring>

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

// The tail of a tile goes through the same vector code, padded: an element's result doesn't depend on its place.
template <class T, class F>
void map_unary(const void* const* inputs, void* out, std::size_t count, F f) {
  constexpr std::size_t lanes = Batch<T>::size;
  const T* x = static_cast<const T*>(inputs[0]);
  T* result = static_cast<T*>(out);
  const auto step = [&](std::size_t k) { f(Batch<T>::load_unaligned(x + k)).store_unaligned(result + k); };
  const std::size_t k = whole_batches<lanes>(count, step);
  if (k < count) {
    alignas(64) T padded[lanes] = {};
    std::memcpy(padded, x + k, (count - k) * sizeof(T));
    f(Batch<T>::load_aligned(padded)).store_aligned(padded);
    std::memcpy(result + k, padded, (count - k) * sizeof(T));
  }
}

template <class T, class F>
void map_binary(const void* const* inputs, void* out, std::size_t count, F f) {
  constexpr std::size_t lanes = Batch<T>::size;
  const T* a = static_cast<const T*>(inputs[0]);
  const T* b = static_cast<const T*>(inputs[1]);
  T* result = static_cast<T*>(out);
  const auto step = [&](std::size_t k) {
    f(Batch<T>::load_unaligned(a + k), Batch<T>::load_unaligned(b + k)).store_unaligned(result + k);
  };
  const std::size_t k = whole_batches<lanes>(count, step);
  if (k < count) {
    alignas(64) T padded_a[lanes] = {};
    alignas(64) T padded_b[lanes] = {};
    std::memcpy(padded_a, a + k, (count - k) * sizeof(T));
    std::memcpy(padded_b, b + k, (count - k) * sizeof(T));
    f(Batch<T>::load_aligned(padded_a), Batch<T>::load_aligned(padded_b)).store_aligned(padded_a);
    std::memcpy(result + k, padded_a, (count - k) * sizeof(T));
  }
}

template <class T, class F>
void map_ternary(const void* const* inputs, void* out, std::size_t count, F f) {
  constexpr std::size_t lanes = Batch<T>::size;
  const T* a = static_cast<const T*>(inputs[0]);
  const T* b = static_cast<const T*>(inputs[1]);
  const T* c = static_cast<const T*>(inputs[2]);
  T* result = static_cast<T*>(out);
  const auto step = [&](std::size_t k) {
    f(Batch<T>::load_unaligned(a + k), Batch<T>::load_unaligned(b + k), Batch<T>::load_unaligned(c + k))
        .store_unaligned(result + k);
  };
  const std::size_t k = whole_batches<lanes>(count, step);
  if (k < count) {
    alignas(64) T padded[3][lanes] = {};
    std::memcpy(padded[0], a + k, (count - k) * sizeof(T));
    std::memcpy(padded[1], b + k, (count - k) * sizeof(T));
    std::memcpy(padded[2], c + k, (count - k) * sizeof(T));
    f(Batch<T>::load_aligned(padded[0]), Batch<T>::load_aligned(padded[1]), Batch<T>::load_aligned(padded[2]))
        .store_aligned(padded[0]);
    std::memcpy(result + k, padded[0], (count - k) * sizeof(T));
  }
}

template <class F>
VectorKernel ternary() {
  return {
      [](const Operation&, const void* const* in, void* out, std::size_t n) { map_ternary<float>(in, out, n, F{}); },
      [](const Operation&, const void* const* in, void* out, std::size_t n) { map_ternary<double>(in, out, n, F{}); }};
}

template <class F>
VectorKernel unary() {
  return {
      [](const Operation&, const void* const* in, void* out, std::size_t n) { map_unary<float>(in, out, n, F{}); },
      [](const Operation&, const void* const* in, void* out, std::size_t n) { map_unary<double>(in, out, n, F{}); }};
}

template <class F>
VectorKernel binary() {
  return {
      [](const Operation&, const void* const* in, void* out, std::size_t n) { map_binary<float>(in, out, n, F{}); },
      [](const Operation&, const void* const* in, void* out, std::size_t n) { map_binary<double>(in, out, n, F{}); }};
}

VectorKernels make() {
  VectorKernels k;
  k.add = binary<Add>();
  k.sub = binary<Sub>();
  k.mul = binary<Mul>();
  k.div = binary<Div>();
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
  k.softplus = unary<Softplus>();
  k.log_sigmoid = unary<LogSigmoid>();
  k.logistic_slope = binary<LogisticSlope>();
  k.hyperbolic_slope = binary<HyperbolicSlope>();
  k.add_product = ternary<AddProduct>();
  k.sub_product = ternary<SubProduct>();
  return k;
}

}  // namespace

const VectorKernels& vector_kernels() noexcept {
  static const VectorKernels kernels = make();
  return kernels;
}

}  // namespace xgrad::run::XGRAD_ISA
