#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numeric>
#include <utility>
#include <vector>

#include "support/values.hpp"

/// Linear algebra by plain loops in long double, each by another algorithm than LAPACK's, and batches of it.
namespace xgrad::test::plain {

struct Matrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<long double> data;

  Matrix() = default;
  Matrix(std::size_t m, std::size_t n) : rows{m}, columns{n}, data(m * n) {}
  [[nodiscard]] long double operator()(std::size_t i, std::size_t j) const { return data[i * columns + j]; }
  [[nodiscard]] long double& operator()(std::size_t i, std::size_t j) { return data[i * columns + j]; }
};

inline Matrix identity(std::size_t n) {
  Matrix result{n, n};
  for (std::size_t i = 0; i < n; ++i) {
    result(i, i) = 1;
  }
  return result;
}

inline Matrix transposed(const Matrix& a) {
  Matrix result{a.columns, a.rows};
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t j = 0; j < a.columns; ++j) {
      result(j, i) = a(i, j);
    }
  }
  return result;
}

inline Matrix product(const Matrix& a, const Matrix& b) {
  Matrix result{a.rows, b.columns};
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t j = 0; j < b.columns; ++j) {
      for (std::size_t k = 0; k < a.columns; ++k) {
        result(i, j) += a(i, k) * b(k, j);
      }
    }
  }
  return result;
}

inline Matrix combined(long double p, const Matrix& a, long double q, const Matrix& b) {
  Matrix result = a;
  for (std::size_t i = 0; i < a.data.size(); ++i) {
    result.data[i] = p * a.data[i] + q * b.data[i];
  }
  return result;
}

inline Matrix symmetric(const Matrix& a) {
  return combined(0.5L, a, 0.5L, transposed(a));
}

/// By Laplace's expansion along the first row.
inline long double determinant(const Matrix& a) {
  if (a.rows == 0) {
    return 1;
  }
  long double total = 0;
  for (std::size_t column = 0; column < a.rows; ++column) {
    Matrix minor{a.rows - 1, a.rows - 1};
    for (std::size_t i = 1; i < a.rows; ++i) {
      for (std::size_t j = 0, to = 0; j < a.rows; ++j) {
        if (j != column) {
          minor(i - 1, to++) = a(i, j);
        }
      }
    }
    total += (column % 2 == 0 ? 1 : -1) * a(0, column) * determinant(minor);
  }
  return total;
}

/// A⁻¹ B by Gauss and Jordan, the pivot being the largest left in its column.
inline Matrix solved(Matrix a, Matrix b) {
  for (std::size_t k = 0; k < a.rows; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k; i < a.rows; ++i) {
      pivot = std::abs(a(i, k)) > std::abs(a(pivot, k)) ? i : pivot;
    }
    for (std::size_t j = 0; j < a.columns; ++j) {
      std::swap(a(k, j), a(pivot, j));
    }
    for (std::size_t j = 0; j < b.columns; ++j) {
      std::swap(b(k, j), b(pivot, j));
    }
    for (std::size_t i = 0; i < a.rows; ++i) {
      if (i == k) {
        continue;
      }
      const long double factor = a(i, k) / a(k, k);
      for (std::size_t j = k; j < a.columns; ++j) {
        a(i, j) -= factor * a(k, j);
      }
      for (std::size_t j = 0; j < b.columns; ++j) {
        b(i, j) -= factor * b(k, j);
      }
    }
  }
  for (std::size_t i = 0; i < b.rows; ++i) {
    for (std::size_t j = 0; j < b.columns; ++j) {
      b(i, j) /= a(i, i);
    }
  }
  return b;
}

inline Matrix inverse(const Matrix& a) {
  return solved(a, identity(a.rows));
}

inline Matrix triangle(const Matrix& a, bool lower, bool unit) {
  Matrix result{a.rows, a.columns};
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t j = 0; j < a.columns; ++j) {
      result(i, j) = (lower ? j < i : j > i) ? a(i, j) : 0;
    }
    result(i, i) = unit ? 1 : a(i, i);
  }
  return result;
}

/// Cholesky and Banachiewicz, row by row.
inline Matrix cholesky(const Matrix& a) {
  Matrix l{a.rows, a.rows};
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      long double rest = a(i, j);
      for (std::size_t k = 0; k < j; ++k) {
        rest -= l(i, k) * l(j, k);
      }
      l(i, j) = i == j ? std::sqrt(rest) : rest / l(j, j);
    }
  }
  return l;
}

/// Modified Gram and Schmidt: Q (m,k) and R (k,n), k = min(m, n).
inline std::pair<Matrix, Matrix> qr(const Matrix& a) {
  const std::size_t k = std::min(a.rows, a.columns);
  Matrix q{a.rows, k};
  Matrix r{k, a.columns};
  for (std::size_t j = 0; j < a.columns; ++j) {
    std::vector<long double> column(a.rows);
    for (std::size_t i = 0; i < a.rows; ++i) {
      column[i] = a(i, j);
    }
    for (std::size_t p = 0; p < std::min(j, k); ++p) {
      for (std::size_t i = 0; i < a.rows; ++i) {
        r(p, j) += q(i, p) * column[i];
      }
      for (std::size_t i = 0; i < a.rows; ++i) {
        column[i] -= r(p, j) * q(i, p);
      }
    }
    if (j < k) {
      r(j, j) = std::sqrt(std::inner_product(column.begin(), column.end(), column.begin(), 0.0L));
      for (std::size_t i = 0; i < a.rows; ++i) {
        q(i, j) = column[i] / r(j, j);
      }
    }
  }
  return {q, r};
}

/// Whether the sign rule of eigh and svd negates a column.
inline bool is_negated(const Matrix& vectors, std::size_t column) {
  long double largest = 0;
  for (std::size_t i = 0; i < vectors.rows; ++i) {
    largest = std::max(largest, std::abs(vectors(i, column)));
  }
  std::size_t i = 0;
  while (std::abs(vectors(i, column)) < 0.3L * largest) {
    ++i;
  }
  return vectors(i, column) < 0;
}

/// Jacobi's rotations: eigenvalues ascending, and eigenvectors as columns.
inline std::pair<std::vector<long double>, Matrix> eigh(Matrix a) {
  const std::size_t n = a.rows;
  Matrix v = identity(n);
  for (int sweep = 0; sweep < 60; ++sweep) {
    for (std::size_t p = 0; p < n; ++p) {
      for (std::size_t q = p + 1; q < n; ++q) {
        if (a(p, q) == 0) {
          continue;
        }
        const long double angle = 0.5L * std::atan2(2 * a(p, q), a(q, q) - a(p, p));
        Matrix rotation = identity(n);
        rotation(p, p) = rotation(q, q) = std::cos(angle);
        rotation(p, q) = std::sin(angle);
        rotation(q, p) = -std::sin(angle);
        a = product(transposed(rotation), product(a, rotation));
        v = product(v, rotation);
      }
    }
  }
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) { return a(i, i) < a(j, j); });
  std::vector<long double> values(n);
  Matrix vectors{n, n};
  for (std::size_t k = 0; k < n; ++k) {
    values[k] = a(order[k], order[k]);
    const long double sign = is_negated(v, order[k]) ? -1 : 1;
    for (std::size_t i = 0; i < n; ++i) {
      vectors(i, k) = sign * v(i, order[k]);
    }
  }
  return {values, vectors};
}

struct SingularValues {
  Matrix u;
  std::vector<long double> s;
  Matrix vt;
};

/// From the eigenvalues of AᵀA, for values that aren't 0; of the transpose for m < n.
inline SingularValues svd(const Matrix& a) {
  if (a.rows < a.columns) {
    const SingularValues other = svd(transposed(a));
    return {transposed(other.vt), other.s, transposed(other.u)};
  }
  const auto [squares, vectors] = eigh(product(transposed(a), a));
  const std::size_t n = a.columns;
  SingularValues result{Matrix{a.rows, n}, std::vector<long double>(n), Matrix{n, n}};
  const Matrix scaled = product(a, vectors);
  for (std::size_t k = 0; k < n; ++k) {
    const std::size_t from = n - 1 - k;
    result.s[k] = std::sqrt(squares[from]);
    const long double sign = is_negated(scaled, from) ? -1 : 1;
    for (std::size_t i = 0; i < a.rows; ++i) {
      result.u(i, k) = sign * scaled(i, from) / result.s[k];
    }
    for (std::size_t i = 0; i < n; ++i) {
      result.vt(k, i) = sign * vectors(i, from);
    }
  }
  return result;
}

/// Taylor's series of A / 2¹⁰, squared.
inline Matrix exponential(const Matrix& a) {
  const Matrix scaled = combined(1 / 1024.0L, a, 0, a);
  Matrix term = identity(a.rows);
  Matrix sum = term;
  for (int k = 1; k < 40; ++k) {
    term = product(term, combined(1.0L / k, scaled, 0, scaled));
    sum = combined(1, sum, 1, term);
  }
  for (int k = 0; k < 10; ++k) {
    sum = product(sum, sum);
  }
  return sum;
}

/// The batch axes of an operand with so many axes of its own.
inline Shape batch_of(const Values& x, std::size_t own = 2) {
  return Shape{std::span{x.shape.begin(), x.shape.rank() - own}};
}

/// The matrix, or as one column the vector, that belongs to an entry of a batch.
inline Matrix entry(const Values& x, const Position& batch, bool vector = false) {
  const std::size_t rank = x.shape.rank();
  const std::size_t own = vector ? 1 : 2;
  const auto rows = static_cast<std::size_t>(x.shape[rank - own]);
  Matrix result{rows, vector ? 1 : static_cast<std::size_t>(x.shape[rank - 1])};
  Position position(batch.end() - static_cast<std::ptrdiff_t>(rank - own), batch.end());
  for (std::size_t axis = 0; axis < position.size(); ++axis) {
    position[axis] = x.shape[axis] == 1 ? 0 : position[axis];
  }
  const std::size_t offset = position.size();
  position.resize(rank);
  for (std::size_t i = 0; i < result.rows; ++i) {
    for (std::size_t j = 0; j < result.columns; ++j) {
      position[offset] = static_cast<std::int64_t>(i);
      if (!vector) {
        position[offset + 1] = static_cast<std::int64_t>(j);
      }
      result(i, j) = x(position);
    }
  }
  return result;
}

/// f(position in the batch) for every entry, one after another. `own` are the lengths of one result.
inline Values for_batch(const Shape& batch, const Shape& own, const std::function<Matrix(const Position&)>& f) {
  Values result;
  result.shape = batch;
  for (const std::int64_t length : own) {
    result.shape = result.shape.inserted(result.shape.rank(), length);
  }
  for_each_position(batch, [&](const Position& position) {
    const Matrix found = f(position);
    result.data.insert(result.data.end(), found.data.begin(), found.data.end());
  });
  return result;
}

/// f of every matrix of a batch.
inline Values mapped(const Values& x, const Shape& own, const std::function<Matrix(const Matrix&)>& f) {
  return for_batch(batch_of(x), own, [&](const Position& position) { return f(entry(x, position)); });
}

inline Matrix row_of(const std::vector<long double>& values) {
  Matrix result{1, values.size()};
  result.data = values;
  return result;
}
inline Matrix number(long double value) {
  return row_of({value});
}

}  // namespace xgrad::test::plain
