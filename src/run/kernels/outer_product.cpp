#include "run/kernels/isa_xsimd.hpp"
#include "run/kernels/product_tiles.hpp"

// This file is compiled once per instruction set, with XGRAD_ISA naming the namespace; see isa_xsimd.hpp.
namespace xgrad::run::XGRAD_ISA {

namespace {

template <bool Reading, class T>
void row(T factor, const T* x, T beta, const T* start, T* out, std::int64_t count) {
  constexpr std::int64_t size = Batch<T>::size;
  const Batch<T> factors(factor);
  const Batch<T> betas(beta);
  const auto step = [&](std::int64_t at) {
    Batch<T> result = factors * Batch<T>::load_unaligned(x + at);
    if constexpr (Reading) {
      result = xsimd::fma(betas, Batch<T>::load_unaligned(start + at), result);
    }
    result.store_unaligned(out + at);
  };
  std::int64_t j = 0;
  for (; j + 4 * size <= count; j += 4 * size) {
    step(j);
    step(j + size);
    step(j + 2 * size);
    step(j + 3 * size);
  }
  for (; j + size <= count; j += size) {
    step(j);
  }
  for (; j < count; ++j) {
    out[j] = Reading ? factor * x[j] + beta * start[j] : factor * x[j];
  }
}

}  // namespace

template <class T>
void outer_product(const ProductCall<T>& p) {
  T* out = p.c;
  const T* start = p.start == nullptr ? p.c : p.start;
  for (std::int64_t i = 0; i < p.m; ++i, out += p.n, start += p.n) {
    const T factor = p.alpha * p.a[i];
    if (p.beta == T{0}) {
      row<false>(factor, p.b, T{0}, start, out, p.n);
    } else {
      row<true>(factor, p.b, p.beta, start, out, p.n);
    }
  }
}

template void outer_product(const ProductCall<float>&);
template void outer_product(const ProductCall<double>&);

}  // namespace xgrad::run::XGRAD_ISA
