#include <cstring>

#include "run/kernels/isa_xsimd.hpp"
#include "run/kernels/product_tiles.hpp"

// This file is compiled once per instruction set, with XGRAD_ISA naming the namespace; see isa_xsimd.hpp.
namespace xgrad::run::XGRAD_ISA {

namespace {

// Rows of C that a tile has; their sums in `panel_batches` batches each fit the registers.
constexpr int tile_rows = 6;
#if defined(__AVX512F__)
constexpr int panel_batches = 4;
#else
constexpr int panel_batches = 2;
#endif
// Along k, so that the rows of op(B) that a panel uses lie on few enough pages.
constexpr std::int64_t block = 64;

// What a tile reads and writes: op(A) with its strides, rows of op(B) at a distance, and C of which the first `skipped`
// columns are another panel's.
template <class T>
struct Tile {
  const T* a;
  std::int64_t a_row;
  std::int64_t a_column;
  const T* b;
  std::int64_t b_row;
  std::int64_t count;  // along k
  T alpha;
  T beta;
  T* c;
  std::int64_t c_row;
  std::int64_t columns;  // of C from c on
  std::int64_t skipped;
};

template <class T>
struct Lanes {
  alignas(64) T numbers[64 / sizeof(T)];
  constexpr Lanes() : numbers{} {
    for (std::int64_t i = 0; i < std::int64_t{64 / sizeof(T)}; ++i) {
      numbers[i] = static_cast<T>(i);
    }
  }
};
template <class T>
constexpr Lanes<T> lanes;

// The columns [skipped, columns) of a row of C; those skipped are fewer than a batch, and none if columns are.
template <int Batches, class T>
[[gnu::always_inline]] inline void update(const Tile<T>& t, const Batch<T>* sums, T* c) {
  constexpr std::int64_t size = Batch<T>::size;
  const Batch<T> alpha(t.alpha);
  const Batch<T> beta(t.beta);
  if (t.columns == Batches * size) {
    const Batch<T> before = t.skipped > 0 ? Batch<T>::load_unaligned(c) : alpha;
    for (int v = 0; v < Batches; ++v) {
      Batch<T> result = alpha * sums[v];
      if (t.beta != T{0}) {
        result = xsimd::fma(beta, Batch<T>::load_unaligned(c + v * size), result);
      }
      if (v == 0 && t.skipped > 0) {
        result = xsimd::select(Batch<T>::load_aligned(lanes<T>.numbers) < Batch<T>(static_cast<T>(t.skipped)), before,
                               result);
      }
      result.store_unaligned(c + v * size);
    }
    return;
  }
  alignas(64) T row[Batches * size]{};
  const auto bytes = static_cast<std::size_t>(t.columns) * sizeof(T);
  if (t.beta != T{0}) {
    std::memcpy(row, c, bytes);
  }
  for (int v = 0; v < Batches; ++v) {
    const Batch<T> result = xsimd::fma(beta, Batch<T>::load_aligned(row + v * size), alpha * sums[v]);
    result.store_aligned(row + v * size);
  }
  std::memcpy(c, row, bytes);
}

template <int Rows, int Batches, class T>
void tile(const Tile<T>& t, const T* a, T* c) {
  constexpr std::int64_t size = Batch<T>::size;
  Batch<T> sums[Rows][Batches];
  for (auto& row : sums) {
    for (Batch<T>& sum : row) {
      sum = Batch<T>(T{0});
    }
  }
  const T* b = t.b;
  for (std::int64_t l = 0; l < t.count; ++l, a += t.a_column, b += t.b_row) {
    Batch<T> right[Batches];
    for (int v = 0; v < Batches; ++v) {
      right[v] = Batch<T>::load_unaligned(b + v * size);
    }
    for (int i = 0; i < Rows; ++i) {
      const Batch<T> left(a[i * t.a_row]);
      for (int v = 0; v < Batches; ++v) {
        sums[i][v] = xsimd::fma(left, right[v], sums[i][v]);
      }
    }
  }
  for (int i = 0; i < Rows; ++i, c += t.c_row) {
    update<Batches>(t, sums[i], c);
  }
}

template <int Batches, class T>
void rows(const Tile<T>& t, std::int64_t m) {
  const T* a = t.a;
  T* c = t.c;
  std::int64_t i = 0;
  for (; i + tile_rows <= m; i += tile_rows, a += tile_rows * t.a_row, c += tile_rows * t.c_row) {
    tile<tile_rows, Batches>(t, a, c);
  }
  switch (m - i) {
    case 1:
      return tile<1, Batches>(t, a, c);
    case 2:
      return tile<2, Batches>(t, a, c);
    case 3:
      return tile<3, Batches>(t, a, c);
    case 4:
      return tile<4, Batches>(t, a, c);
    case 5:
      return tile<5, Batches>(t, a, c);
    default:
      return;
  }
}

// The columns [j, j + columns) of C, of which a panel holds at most Batches batches.
template <int Batches, class T>
void panel(const ProductCall<T>& p, Tile<T> t, std::int64_t start, std::int64_t j, std::int64_t columns) {
  constexpr std::int64_t width = Batches * std::int64_t{Batch<T>::size};
  alignas(64) T packed[block * width];
  if (p.n >= width) {  // a last panel that isn't full begins further left
    j -= width - columns;
    t.skipped = width - columns;
    columns = width;
  }
  t.columns = columns;
  const std::int64_t b_row = p.transpose_b ? 1 : p.n;
  const std::int64_t b_column = p.transpose_b ? p.k : 1;
  t.b = p.b + start * b_row + j * b_column;
  t.b_row = b_row;
  if (p.transpose_b || columns < width) {
    for (std::int64_t l = 0; l < t.count; ++l) {
      for (std::int64_t q = 0; q < width; ++q) {
        packed[l * width + q] = q < columns ? t.b[l * b_row + q * b_column] : T{0};
      }
    }
    t.b = packed;
    t.b_row = width;
  }
  t.c = p.c + j;
  rows<Batches>(t, p.m);
}

template <class T>
void panels(const ProductCall<T>& p, const Tile<T>& t, std::int64_t start) {
  constexpr std::int64_t size = Batch<T>::size;
  constexpr std::int64_t width = panel_batches * size;
  std::int64_t j = 0;
  for (; j + width <= p.n; j += width) {
    panel<panel_batches>(p, t, start, j, width);
  }
  const std::int64_t left = p.n - j;
  if (left == 0) {
    return;
  }
  if constexpr (panel_batches == 4) {
    if (left > 3 * size) {
      return panel<4>(p, t, start, j, left);
    }
    if (left > 2 * size) {
      return panel<3>(p, t, start, j, left);
    }
  }
  if (left > size) {
    return panel<2>(p, t, start, j, left);
  }
  panel<1>(p, t, start, j, left);
}

}  // namespace

template <class T>
void panel_tiles(const ProductCall<T>& p) {
  Tile<T> t{};
  t.a_row = p.transpose_a ? 1 : p.lda;
  t.a_column = p.transpose_a ? p.lda : 1;
  t.alpha = p.alpha;
  t.c_row = p.n;
  for (std::int64_t start = 0; start < p.k; start += block) {
    t.count = p.k - start < block ? p.k - start : block;
    t.beta = start == 0 ? p.beta : T{1};
    t.a = p.a + start * t.a_column;
    panels(p, t, start);
  }
}

template void panel_tiles(const ProductCall<float>&);
template void panel_tiles(const ProductCall<double>&);

}  // namespace xgrad::run::XGRAD_ISA
