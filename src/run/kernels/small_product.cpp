#include "run/kernels/product_tiles.hpp"

// This file is compiled once per instruction set, with XGRAD_ISA naming the namespace; see isa_xsimd.hpp. It has no
// xsimd: what counts here is the cost of starting, and four lanes are enough.
namespace xgrad::run::XGRAD_ISA {

namespace {

template <class T>
struct QuadOf {
  using Type [[gnu::vector_size(4 * sizeof(T))]] = T;
};
template <class T>
using Quad = typename QuadOf<T>::Type;

template <class T>
struct PairOf {
  using Type [[gnu::vector_size(2 * sizeof(T))]] = T;
};

// The first `Count` elements, in as few moves as there are.
template <int Count, class T>
[[gnu::always_inline]] inline void load(Quad<T>& quad, const T* from) {
  if constexpr (Count == 4) {
    __builtin_memcpy(&quad, from, sizeof(quad));
  } else if constexpr (Count > 1) {
    typename PairOf<T>::Type pair;
    __builtin_memcpy(&pair, from, sizeof(pair));
    quad = Quad<T>{pair[0], pair[1], Count == 3 ? from[2] : T{0}, T{0}};
  } else {
    quad = Quad<T>{from[0], T{0}, T{0}, T{0}};
  }
}

template <int Count, class T>
[[gnu::always_inline]] inline void store(const Quad<T>& quad, T* to) {
  if constexpr (Count == 4) {
    __builtin_memcpy(to, &quad, sizeof(quad));
  } else if constexpr (Count > 1) {
    const typename PairOf<T>::Type pair = __builtin_shufflevector(quad, quad, 0, 1);
    __builtin_memcpy(to, &pair, sizeof(pair));
    if constexpr (Count == 3) {
      to[2] = quad[2];
    }
  } else {
    to[0] = quad[0];
  }
}

// The call by value, so that the compiler knows that writing C changes none of it.
template <class T>
struct Strided {
  std::int64_t m, n, k;
  const T* a;
  std::int64_t a_row, a_column;
  const T* b;
  std::int64_t b_row, b_column;
  T alpha, beta;
  T* c;
};

template <int Columns, class T>
[[gnu::always_inline]] inline void load_row(Quad<T>& row, const T* b, std::int64_t step) {
  row = Quad<T>{b[0], Columns > 1 ? b[step] : T{0}, Columns > 2 ? b[2 * step] : T{0}, Columns > 3 ? b[3 * step] : T{0}};
}

// A row of C from the sums of its products.
template <int Columns, bool Reading, class T>
[[gnu::always_inline]] inline void update(const Strided<T>& p, const Quad<T>& sum, T* c) {
  Quad<T> result = p.alpha * sum;
  if constexpr (Reading) {
    Quad<T> before{};
    load<Columns>(before, c);
    result += p.beta * before;
  }
  store<Columns>(result, c);
}

// Rows × Columns ≤ 4×4 elements of C.
template <int Rows, int Columns, bool Reading, class T>
[[gnu::always_inline]] inline void tile(const Strided<T> p, const T* a, T* c) {
  Quad<T> sums[Rows]{};
  const T* b = p.b;
  for (std::int64_t l = 0; l < p.k; ++l, a += p.a_column, b += p.b_row) {
    Quad<T> row{};
    load_row<Columns>(row, b, p.b_column);
#pragma GCC unroll 4
    for (int i = 0; i < Rows; ++i) {
      sums[i] += a[i * p.a_row] * row;
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < Rows; ++i) {
    update<Columns, Reading>(p, sums[i], c + i * p.n);
  }
}

// All rows of the first Columns columns of C where k = K ≤ 4: these columns of op(B) stay in registers.
template <int K, int Columns, bool Reading, class T>
[[gnu::always_inline]] inline void short_columns(const Strided<T> p) {
  Quad<T> right[K];
#pragma GCC unroll 4
  for (int l = 0; l < K; ++l) {
    load_row<Columns>(right[l], p.b + l * p.b_row, p.b_column);
  }
  const T* a = p.a;
  T* c = p.c;
  for (std::int64_t i = 0; i < p.m; ++i, a += p.a_row, c += p.n) {
    Quad<T> sum = a[0] * right[0];
#pragma GCC unroll 4
    for (int l = 1; l < K; ++l) {
      sum += a[l * p.a_column] * right[l];
    }
    update<Columns, Reading>(p, sum, c);
  }
}

template <int Columns, bool Reading, class T>
void columns(const Strided<T>& p) {
  switch (p.k) {
    case 1:
      return short_columns<1, Columns, Reading>(p);
    case 2:
      return short_columns<2, Columns, Reading>(p);
    case 3:
      return short_columns<3, Columns, Reading>(p);
    case 4:
      return short_columns<4, Columns, Reading>(p);
    default:
      break;
  }
  const T* a = p.a;
  T* c = p.c;
  std::int64_t left = p.m;
  for (; left >= 4; left -= 4, a += 4 * p.a_row, c += 4 * p.n) {
    tile<4, Columns, Reading>(p, a, c);
  }
  switch (left) {
    case 1:
      return tile<1, Columns, Reading>(p, a, c);
    case 2:
      return tile<2, Columns, Reading>(p, a, c);
    case 3:
      return tile<3, Columns, Reading>(p, a, c);
    default:
      return;
  }
}

template <bool Reading, class T>
void all_columns(Strided<T> p) {
  std::int64_t left = p.n;
  for (; left >= 4; left -= 4, p.b += 4 * p.b_column, p.c += 4) {
    columns<4, Reading>(p);
  }
  switch (left) {
    case 1:
      return columns<1, Reading>(p);
    case 2:
      return columns<2, Reading>(p);
    case 3:
      return columns<3, Reading>(p);
    default:
      return;
  }
}

}  // namespace

template <class T>
void small_product(const ProductCall<T>& p) {
  const Strided<T> strided{p.m,
                           p.n,
                           p.k,
                           p.a,
                           p.transpose_a ? 1 : p.lda,
                           p.transpose_a ? p.lda : 1,
                           p.b,
                           p.transpose_b ? 1 : p.n,
                           p.transpose_b ? p.k : 1,
                           p.alpha,
                           p.beta,
                           p.c};
  if (p.beta == T{0}) {
    all_columns<false>(strided);
  } else {
    all_columns<true>(strided);
  }
}

template void small_product(const ProductCall<float>&);
template void small_product(const ProductCall<double>&);

}  // namespace xgrad::run::XGRAD_ISA
