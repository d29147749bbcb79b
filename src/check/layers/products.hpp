#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "check/layers/array.hpp"

/// What a fully connected part of a layer has: W x forward, Wᵀ δ and δ xᵀ backward.
namespace xgrad::check::manual {

using Vector = std::vector<double>;

/// y += W x
inline void add_product(Vector& y, const Array<2>& W, const Vector& x) {
  for (std::size_t i = 0; i < y.size(); ++i) {
    for (std::size_t j = 0; j < x.size(); ++j) {
      y[i] += W(static_cast<std::int64_t>(i), static_cast<std::int64_t>(j)) * x[j];
    }
  }
}

/// x += Wᵀ δ
inline void add_transposed_product(Vector& x, const Array<2>& W, const Vector& delta) {
  for (std::size_t i = 0; i < delta.size(); ++i) {
    for (std::size_t j = 0; j < x.size(); ++j) {
      x[j] += W(static_cast<std::int64_t>(i), static_cast<std::int64_t>(j)) * delta[i];
    }
  }
}

/// W += δ xᵀ
inline void add_outer(Array<2>& W, const Vector& delta, const Vector& x) {
  for (std::size_t i = 0; i < delta.size(); ++i) {
    for (std::size_t j = 0; j < x.size(); ++j) {
      W(static_cast<std::int64_t>(i), static_cast<std::int64_t>(j)) += delta[i] * x[j];
    }
  }
}

/// b += δ
inline void add(Array<1>& b, const Vector& delta) {
  for (std::size_t i = 0; i < delta.size(); ++i) {
    b(static_cast<std::int64_t>(i)) += delta[i];
  }
}

/// The vector a[n, t, :].
[[nodiscard]] inline Vector vector_at(const Array<3>& a, std::int64_t n, std::int64_t t) {
  Vector result;
  result.reserve(static_cast<std::size_t>(a.length(2)));
  for (std::int64_t i = 0; i < a.length(2); ++i) {
    result.push_back(a(n, t, i));
  }
  return result;
}
[[nodiscard]] inline Vector vector_at(const Array<2>& a, std::int64_t n) {
  Vector result;
  result.reserve(static_cast<std::size_t>(a.length(1)));
  for (std::int64_t i = 0; i < a.length(1); ++i) {
    result.push_back(a(n, i));
  }
  return result;
}

/// a[n, t, :] = v
inline void set_vector(Array<3>& a, std::int64_t n, std::int64_t t, const Vector& v) {
  for (std::int64_t i = 0; i < a.length(2); ++i) {
    a(n, t, i) = v[static_cast<std::size_t>(i)];
  }
}
inline void set_vector(Array<2>& a, std::int64_t n, const Vector& v) {
  for (std::int64_t i = 0; i < a.length(1); ++i) {
    a(n, i) = v[static_cast<std::size_t>(i)];
  }
}

}  // namespace xgrad::check::manual
