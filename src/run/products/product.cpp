#include "run/products/product.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "run/kernels/product_kernels.hpp"
#include "run/products/blas.hpp"
#include "run/products/product_shape.hpp"
#include "run/threads.hpp"

namespace xgrad::run {

namespace {

using Kind = ProductForm::Kind;

template <class T>
ProductCall<T> whole(const ProductShape& s, T alpha, const T* a, const T* b, T beta, T* c) noexcept {
  return {s.transpose_a, s.transpose_b, s.m, s.n, s.k, alpha, a, s.transpose_a ? s.m : s.k, b, beta, c};
}

template <class T>
void scale(std::int64_t count, T beta, T* c) noexcept {
  if (beta == T{0}) {
    std::fill_n(c, count, T{0});
  } else {
    std::transform(c, c + count, c, [beta](T element) { return beta * element; });
  }
}

// An own kernel, on as many threads as are worth it; rows of C don't depend on each other.
template <class T>
void in_pieces(void (*kernel)(const ProductCall<T>&), const ProductCall<T>& p) {
  if (blas_threads(p.m, p.n, p.k) == 1) {
    kernel(p);
    return;
  }
  constexpr std::int64_t enough = 2'000'000;  // multiplications of a piece
  parallel_for(p.m, std::max<std::int64_t>(enough / (p.n * p.k), 1), [&](std::int64_t begin, std::int64_t end) {
    ProductCall<T> piece = p;
    piece.m = end - begin;
    piece.a += begin * (p.transpose_a ? 1 : p.lda);
    piece.c += begin * p.n;
    kernel(piece);
  });
}

template <class T>
void in_chunks(const ProductCall<T>& p, std::int64_t rows, std::int64_t columns) {
  Gemm<T> g{p.transpose_a, p.transpose_b, rows,  p.n,     columns,
            p.alpha,       nullptr,       p.lda, nullptr, p.transpose_b ? p.k : p.n,
            p.beta,        p.c,           p.n};
  for (std::int64_t row = 0; row < p.m; row += rows) {
    g.m = std::min(rows, p.m - row);
    g.c = p.c + row * p.n;
    g.beta = p.beta;
    for (std::int64_t column = 0; column < p.k; column += columns) {
      g.k = std::min(columns, p.k - column);
      g.a = p.a + (p.transpose_a ? column * p.lda + row : row * p.lda + column);
      g.b = p.b + (p.transpose_b ? column : column * p.n);
      gemm(g);
      g.beta = T{1};
    }
  }
}

template <class T>
void carry_out(const ProductForm& form, const ProductCall<T>& p) {
  const ProductKernels<T>& kernels = product_kernels<T>();
  switch (form.kind) {
    case Kind::small:  // product() has done it
      return;
    case Kind::dot: {
      const T value = p.alpha * dot(p.k, p.a, p.b);
      *p.c = p.beta == T{0} ? value : value + p.beta * *p.c;
      return;
    }
    case Kind::gemv:
      return p.transpose_b ? gemv(false, p.n, p.k, p.alpha, p.b, p.a, p.beta, p.c)
                           : gemv(true, p.k, p.n, p.alpha, p.b, p.a, p.beta, p.c);
    case Kind::outer:
      return kernels.outer(p);
    case Kind::dots:
      return in_pieces(kernels.dots, p);
    case Kind::panels:
      return in_pieces(kernels.panels, p);
    case Kind::gemm:
      return in_chunks(p, p.m, p.k);
    case Kind::gemm_rows:
      return in_chunks(p, form.chunk, p.k);
    case Kind::gemm_columns:
      return in_chunks(p, p.m, form.chunk);
  }
}

}  // namespace

std::string to_string(const ProductForm& form) {
  constexpr std::array<std::string_view, 7> names{"small", "dot", "gemv", "outer", "dots", "panels", "gemm"};
  switch (form.kind) {
    case Kind::gemm_rows:
      return fmt::format("gemm in chunks of {} rows", form.chunk);
    case Kind::gemm_columns:
      return fmt::format("gemm in chunks of {} of k", form.chunk);
    default:
      return std::string{names[static_cast<std::size_t>(form.kind)]};
  }
}

template <class T>
void product(const ProductShape& shape, const ProductForm& form, T alpha, const T* a, const T* b, T beta, T* c,
             const T* start) {
  if (shape.m == 0 || shape.n == 0) {
    return;
  }
  if (start != nullptr && start != c && beta != T{0}) {
    if (form.kind == Kind::outer && shape.k == 1) {
      ProductCall<T> call = whole(shape, alpha, a, b, beta, c);
      call.start = start;
      return product_kernels<T>().outer(call);
    }
    std::copy_n(start, shape.m * shape.n, c);
  }
  if (shape.k == 0) {
    return scale(shape.m * shape.n, beta, c);
  }
  if (form.kind == Kind::small) {  // at once, since that is what it is for
    return product_kernels<T>().small(whole(shape, alpha, a, b, beta, c));
  }
  const auto [s, swapped] = canonical(shape);
  carry_out(fits(form, s) ? form : ProductForm{}, whole(s, alpha, swapped ? b : a, swapped ? a : b, beta, c));
}

template void product(const ProductShape&, const ProductForm&, float, const float*, const float*, float, float*,
                      const float*);
template void product(const ProductShape&, const ProductForm&, double, const double*, const double*, double, double*,
                      const double*);

}  // namespace xgrad::run
