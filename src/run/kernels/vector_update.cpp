#include "run/kernels/isa_xsimd.hpp"
#include "run/kernels/product_tiles.hpp"

// This file is compiled once per instruction set, with XGRAD_ISA naming the namespace; see isa_xsimd.hpp.
namespace xgrad::run::XGRAD_ISA {

namespace {

// Rows [i, i + Rows): y is read and written once for all of them.
template <int Rows, bool First, class T>
void rows_of(const VectorUpdateCall<T>& p, std::int64_t i) {
  using B = Batch<T>;
  constexpr std::int64_t size = B::size;
  T factor[Rows];
  B deltas[Rows];
  B factors[Rows];
  for (int r = 0; r < Rows; ++r) {
    factor[r] = p.alpha * p.delta[i + r];
    deltas[r] = B(p.delta[i + r]);
    factors[r] = B(factor[r]);
  }
  const T* from = p.start + i * p.columns;
  T* to = p.c + i * p.columns;
  std::int64_t j = 0;
  for (; j + size <= p.columns; j += size) {
    B y = First ? B(T{0}) : B::load_unaligned(p.y + j);
    const B x = B::load_unaligned(p.x + j);
    // All loads first: with rows of 2 KiB, every other row is at the same place of a page, and a load would wait for
    // the store two rows above it.
    B w[Rows];
    for (int r = 0; r < Rows; ++r) {
      w[r] = B::load_unaligned(from + r * p.columns + j);
    }
    for (int r = 0; r < Rows; ++r) {
      y = xsimd::fma(deltas[r], w[r], y);
      xsimd::fma(factors[r], x, w[r]).store_unaligned(to + r * p.columns + j);
    }
    y.store_unaligned(p.y + j);
  }
  for (; j < p.columns; ++j) {
    T y = First ? T{0} : p.y[j];
    for (int r = 0; r < Rows; ++r) {
      const T w = from[r * p.columns + j];
      y += p.delta[i + r] * w;
      to[r * p.columns + j] = w + factor[r] * p.x[j];
    }
    p.y[j] = y;
  }
}

}  // namespace

template <class T>
void vector_update(const VectorUpdateCall<T>& p) {
  constexpr int rows = 4;
  std::int64_t i = 0;
  if (p.rows >= rows) {
    rows_of<rows, true>(p, 0);
    i = rows;
  } else {
    rows_of<1, true>(p, 0);
    i = 1;
  }
  for (; i + rows <= p.rows; i += rows) {
    rows_of<rows, false>(p, i);
  }
  for (; i < p.rows; ++i) {
    rows_of<1, false>(p, i);
  }
}

template void vector_update(const VectorUpdateCall<float>&);
template void vector_update(const VectorUpdateCall<double>&);

}  // namespace xgrad::run::XGRAD_ISA
