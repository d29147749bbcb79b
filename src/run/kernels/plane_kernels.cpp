#include "run/kernels/plane_kernels.hpp"

#include "run/kernels/batch.hpp"

// This file is compiled once per instruction set, with XGRAD_ISA naming the namespace; see isa_xsimd.hpp.
namespace xgrad::run::XGRAD_ISA {

namespace {

// One row of results: four batches at a time hide the latency of one.
template <class T>
void correlate_row(const PlaneCall<T>& call, const T* x, const T* w, T* y) {
  constexpr std::size_t size = Batch<T>::size;
  std::size_t i = 0;
  for (; i + 4 * size <= call.count; i += 4 * size) {
    Batch<T> a(T{0});
    Batch<T> b(T{0});
    Batch<T> c(T{0});
    Batch<T> d(T{0});
    for (std::size_t t = 0; t < call.taps; ++t) {
      const Batch<T> weight(w[t]);
      const T* from = x + call.offsets[t] + i;
      a = xsimd::fma(weight, Batch<T>::load_unaligned(from), a);
      b = xsimd::fma(weight, Batch<T>::load_unaligned(from + size), b);
      c = xsimd::fma(weight, Batch<T>::load_unaligned(from + 2 * size), c);
      d = xsimd::fma(weight, Batch<T>::load_unaligned(from + 3 * size), d);
    }
    a.store_unaligned(y + i);
    b.store_unaligned(y + i + size);
    c.store_unaligned(y + i + 2 * size);
    d.store_unaligned(y + i + 3 * size);
  }
  for (; i + size <= call.count; i += size) {
    Batch<T> a(T{0});
    for (std::size_t t = 0; t < call.taps; ++t) {
      a = xsimd::fma(Batch<T>(w[t]), Batch<T>::load_unaligned(x + call.offsets[t] + i), a);
    }
    a.store_unaligned(y + i);
  }
  if (i < call.count) {
    Batch<T> a(T{0});
    for (std::size_t t = 0; t < call.taps; ++t) {
      a = xsimd::fma(Batch<T>(w[t]), load_first(x + call.offsets[t] + i, call.count - i, T{0}), a);
    }
    store_first(a, y + i, call.count - i);
  }
}

template <class T>
void correlate(const PlaneCall<T>& call, const T* w, T* y) {
  const T* x = call.x;
  for (std::size_t row = 0; row < call.rows; ++row) {
    correlate_row(call, x, w, y);
    x += call.x_step;
    y += call.count;
  }
}

template <class T>
T across(const Batch<T>& batch) {
  alignas(64) T lanes[Batch<T>::size];  // NOLINT(modernize-avoid-c-arrays): std::array has inline functions
  batch.store_aligned(lanes);
  for (std::size_t half = Batch<T>::size / 2; half > 0; half /= 2) {
    for (std::size_t lane = 0; lane < half; ++lane) {
      lanes[lane] += lanes[lane + half];
    }
  }
  return lanes[0];
}

template <class T>
void add_sums(const PlaneCall<T>& call, const T* g, T* w) {
  constexpr std::size_t size = Batch<T>::size;
  for (std::size_t t = 0; t < call.taps; ++t) {
    const T* x = call.x + call.offsets[t];
    const T* from = g;
    Batch<T> even(T{0});
    Batch<T> odd(T{0});
    for (std::size_t row = 0; row < call.rows; ++row) {
      std::size_t i = 0;
      for (; i + 2 * size <= call.count; i += 2 * size) {
        even = xsimd::fma(Batch<T>::load_unaligned(from + i), Batch<T>::load_unaligned(x + i), even);
        odd = xsimd::fma(Batch<T>::load_unaligned(from + i + size), Batch<T>::load_unaligned(x + i + size), odd);
      }
      if (i + size <= call.count) {
        even = xsimd::fma(Batch<T>::load_unaligned(from + i), Batch<T>::load_unaligned(x + i), even);
        i += size;
      }
      if (i < call.count) {
        odd = xsimd::fma(load_first(from + i, call.count - i, T{0}), load_first(x + i, call.count - i, T{0}), odd);
      }
      from += call.count;
      x += call.x_step;
    }
    w[t] += across(even + odd);
  }
}

template <class T>
constexpr PlaneKernels<T> kernels{correlate<T>, add_sums<T>};

}  // namespace

const PlaneKernels<float>& plane_kernels_float32() noexcept {
  return kernels<float>;
}

const PlaneKernels<double>& plane_kernels_float64() noexcept {
  return kernels<double>;
}

}  // namespace xgrad::run::XGRAD_ISA
