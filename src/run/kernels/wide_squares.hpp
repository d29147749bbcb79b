#pragma once

#include <cstddef>

#include "run/kernels/isa_xsimd.hpp"

/// Sums of squares of float32 or float64, scaled, squared and added up in double: the squares of float32 numbers
/// neither overflow nor underflow there, and are exact.
namespace xgrad::run::XGRAD_ISA {

namespace {  // NOLINT(google-build-namespaces): one copy per instruction set

inline Batch<double> squared(const Batch<double>& x, const Batch<double>& factor) {
  const Batch<double> scaled = x * factor;
  return scaled * scaled;
}

inline double squared(double x, double factor) {
  return x * factor * (x * factor);
}

/// As many elements as a batch of doubles holds.
inline Batch<double> widened(const float* x) {
  return widen_half(x);
}
inline Batch<double> widened(const double* x) {
  return Batch<double>::load_unaligned(x);
}

// Four independent chains.
template <class T>
double sum_squares(const T* x, double factor, std::size_t count) {
  constexpr std::size_t size = Batch<double>::size;
  const Batch<double> factors(factor);
  const auto term = [x, &factors](std::size_t at) { return squared(widened(x + at), factors); };
  Batch<double> a(0.0);
  Batch<double> b(0.0);
  Batch<double> c(0.0);
  Batch<double> d(0.0);
  std::size_t i = 0;
  for (; i + 4 * size <= count; i += 4 * size) {
    a += term(i);
    b += term(i + size);
    c += term(i + 2 * size);
    d += term(i + 3 * size);
  }
  for (; i + size <= count; i += size) {
    a += term(i);
  }
  alignas(64) double lanes[size];  // NOLINT(modernize-avoid-c-arrays)
  ((a + b) + (c + d)).store_aligned(lanes);
  for (std::size_t half = size / 2; half > 0; half /= 2) {
    for (std::size_t lane = 0; lane < half; ++lane) {
      lanes[lane] += lanes[lane + half];
    }
  }
  double total = lanes[0];
  for (; i < count; ++i) {
    total += squared(static_cast<double>(x[i]), factor);
  }
  return total;
}

/// out ← out + Σ of the squares of so many rows.
template <std::size_t Rows, class T>
void add_squared_block(double* out, const T* x, double factor, std::size_t columns, std::size_t stride) {
  constexpr std::size_t size = Batch<double>::size;
  const Batch<double> factors(factor);
  std::size_t i = 0;
  for (; i + size <= columns; i += size) {
    Batch<double> sums = squared(widened(x + i), factors);
    for (std::size_t row = 1; row < Rows; ++row) {
      sums += squared(widened(x + row * stride + i), factors);
    }
    (Batch<double>::load_unaligned(out + i) + sums).store_unaligned(out + i);
  }
  for (; i < columns; ++i) {
    double sums = squared(static_cast<double>(x[i]), factor);
    for (std::size_t row = 1; row < Rows; ++row) {
      sums += squared(static_cast<double>(x[row * stride + i]), factor);
    }
    out[i] += sums;
  }
}

template <class T>
void add_squared_rows(double* out, const T* x, double factor, std::size_t rows, std::size_t columns,
                      std::size_t stride) {
  std::size_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    add_squared_block<4>(out, x + row * stride, factor, columns, stride);
  }
  for (; row < rows; ++row) {
    add_squared_block<1>(out, x + row * stride, factor, columns, stride);
  }
}

}  // namespace

}  // namespace xgrad::run::XGRAD_ISA
