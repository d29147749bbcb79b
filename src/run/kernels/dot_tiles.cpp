#include <cstring>

#include "run/kernels/isa_xsimd.hpp"
#include "run/kernels/product_tiles.hpp"

// This file is compiled once per instruction set, with XGRAD_ISA naming the namespace; see isa_xsimd.hpp.
namespace xgrad::run::XGRAD_ISA {

namespace {

// Rows of A and of B that a tile takes; their sums, and the rows of A that they use, fit the registers, and there are
// enough sums that none waits for the one before.
constexpr int tile_columns = 4;
template <int Columns>
constexpr int tile_rows = Columns == 1 ? 6 : 3;
// Elements along k, so that the rows of B of a tile stay in the first cache; rows of A, which stay in the second.
constexpr std::int64_t block = 1024;
constexpr std::int64_t block_rows = 48;

template <class T>
[[gnu::always_inline]] inline Batch<T> load_partial(const T* x, std::int64_t count) {
  alignas(64) T padded[Batch<T>::size]{};
  std::memcpy(padded, x, static_cast<std::size_t>(count) * sizeof(T));
  return Batch<T>::load_aligned(padded);
}

// The sum of a batch's lanes, halves onto halves.
template <class T>
[[gnu::always_inline]] inline T across(const Batch<T>& batch) {
  alignas(64) T lanes[Batch<T>::size];
  batch.store_aligned(lanes);
#pragma GCC unroll 4
  for (int half = Batch<T>::size / 2; half > 0; half /= 2) {
#pragma GCC unroll 8
    for (int i = 0; i < half; ++i) {
      lanes[i] += lanes[i + half];
    }
  }
  return lanes[0];
}

// C ← α Σ_l A_il B_jl + β C on Rows × Columns elements of C, l from 0 to `count`.
template <int Rows, int Columns, class T>
void tile(const ProductCall<T>& p, const T* a, const T* b, std::int64_t count, T beta, T* c) {
  constexpr std::int64_t size = Batch<T>::size;
  Batch<T> sums[Rows][Columns];
  for (auto& row : sums) {
    for (Batch<T>& sum : row) {
      sum = Batch<T>(T{0});
    }
  }
  std::int64_t l = 0;
  for (; l + size <= count; l += size) {
    Batch<T> left[Rows];
    for (int i = 0; i < Rows; ++i) {
      left[i] = Batch<T>::load_unaligned(a + i * p.lda + l);
    }
    for (int j = 0; j < Columns; ++j) {
      const Batch<T> right = Batch<T>::load_unaligned(b + j * p.k + l);
      for (int i = 0; i < Rows; ++i) {
        sums[i][j] = xsimd::fma(left[i], right, sums[i][j]);
      }
    }
  }
  if (l < count) {
    Batch<T> left[Rows];
    for (int i = 0; i < Rows; ++i) {
      left[i] = load_partial(a + i * p.lda + l, count - l);
    }
    for (int j = 0; j < Columns; ++j) {
      const Batch<T> right = load_partial(b + j * p.k + l, count - l);
      for (int i = 0; i < Rows; ++i) {
        sums[i][j] = xsimd::fma(left[i], right, sums[i][j]);
      }
    }
  }
  for (int i = 0; i < Rows; ++i, c += p.n) {
    for (int j = 0; j < Columns; ++j) {
      const T sum = p.alpha * across(sums[i][j]);
      c[j] = beta == T{0} ? sum : sum + beta * c[j];
    }
  }
}

template <int Columns, int Rows = tile_rows<Columns>, class T>
void rows(const ProductCall<T>& p, std::int64_t m, const T* a, const T* b, std::int64_t count, T beta, T* c) {
  for (; m >= Rows; m -= Rows, a += Rows * p.lda, c += Rows * p.n) {
    tile<Rows, Columns>(p, a, b, count, beta, c);
  }
  if constexpr (Rows > 1) {
    if (m > 0) {
      rows<Columns, Rows / 2>(p, m, a, b, count, beta, c);
    }
  }
}

template <class T>
void columns(const ProductCall<T>& p, std::int64_t m, const T* a, const T* b, std::int64_t count, T beta, T* c) {
  std::int64_t n = p.n;
  for (; n >= tile_columns; n -= tile_columns, b += tile_columns * p.k, c += tile_columns) {
    rows<tile_columns>(p, m, a, b, count, beta, c);
  }
  switch (n) {
    case 1:
      return rows<1>(p, m, a, b, count, beta, c);
    case 2:
      return rows<2>(p, m, a, b, count, beta, c);
    case 3:
      return rows<3>(p, m, a, b, count, beta, c);
    default:
      return;
  }
}

}  // namespace

template <class T>
void dot_tiles(const ProductCall<T>& p) {
  for (std::int64_t top = 0; top < p.m; top += block_rows) {
    const std::int64_t m = p.m - top < block_rows ? p.m - top : block_rows;
    for (std::int64_t start = 0; start < p.k; start += block) {
      const std::int64_t count = p.k - start < block ? p.k - start : block;
      columns(p, m, p.a + top * p.lda + start, p.b + start, count, start == 0 ? p.beta : T{1}, p.c + top * p.n);
    }
  }
}

template void dot_tiles(const ProductCall<float>&);
template void dot_tiles(const ProductCall<double>&);

}  // namespace xgrad::run::XGRAD_ISA
