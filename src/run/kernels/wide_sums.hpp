#pragma once

#include <cstddef>

#include "run/kernels/isa_xsimd.hpp"

/// Sums of float32 or float64 in double. A float32 term passes through at most 15 float32 additions before it reaches
/// double, so that the error of a sum is at most 15 · 2⁻²⁴ of Σ|x|, however many terms there are.
namespace xgrad::run::XGRAD_ISA {

namespace {  // NOLINT(google-build-namespaces): one copy per instruction set

/// Σ of all lanes of all batches that it was given.
template <class T>
class WideSum {
 public:
  void add(const Batch<T>& x) {
    if constexpr (std::is_same_v<T, float>) {
      Batch<double> low;
      Batch<double> high;
      widen(x, low, high);
      low_ += low;
      high_ += high;
    } else {
      low_ += x;
    }
  }

  double total() const {
    constexpr std::size_t size = Batch<double>::size;
    alignas(64) double lanes[size];  // NOLINT(modernize-avoid-c-arrays)
    (low_ + high_).store_aligned(lanes);
    for (std::size_t half = size / 2; half > 0; half /= 2) {
      for (std::size_t lane = 0; lane < half; ++lane) {
        lanes[lane] += lanes[lane + half];
      }
    }
    return lanes[0];
  }

 private:
  Batch<double> low_ = Batch<double>(0.0);  // braces would take a list of lanes
  Batch<double> high_ = Batch<double>(0.0);
};

// Four independent chains of eight.
template <class T>
double sum(const T* x, std::size_t count) {
  constexpr std::size_t size = Batch<T>::size;
  const auto batch = [x](std::size_t at) { return Batch<T>::load_unaligned(x + at); };
  WideSum<T> result;
  std::size_t i = 0;
  for (; i + 32 * size <= count; i += 32 * size) {
    Batch<T> a = batch(i);
    Batch<T> b = batch(i + size);
    Batch<T> c = batch(i + 2 * size);
    Batch<T> d = batch(i + 3 * size);
    for (std::size_t k = 4; k < 32; k += 4) {
      a += batch(i + k * size);
      b += batch(i + (k + 1) * size);
      c += batch(i + (k + 2) * size);
      d += batch(i + (k + 3) * size);
    }
    result.add((a + b) + (c + d));
  }
  for (; i + 4 * size <= count; i += 4 * size) {
    result.add((batch(i) + batch(i + size)) + (batch(i + 2 * size) + batch(i + 3 * size)));
  }
  for (; i + size <= count; i += size) {
    result.add(batch(i));
  }
  if (i < count) {
    result.add(load_first(x + i, count - i, T{0}));
  }
  return result.total();
}

template <class T>
void add_wide(double* out, const Batch<T>& x) {
  constexpr std::size_t size = Batch<double>::size;
  if constexpr (std::is_same_v<T, float>) {
    Batch<double> low;
    Batch<double> high;
    widen(x, low, high);
    (Batch<double>::load_unaligned(out) + low).store_unaligned(out);
    (Batch<double>::load_unaligned(out + size) + high).store_unaligned(out + size);
  } else {
    (Batch<double>::load_unaligned(out) + x).store_unaligned(out);
  }
}

// A line of the nearest cache is read as a whole, since rows that are a power of two apart push each other out.
template <std::size_t Rows, class T>
void add_block(double* out, const T* x, std::size_t columns, std::size_t stride) {
  constexpr std::size_t size = Batch<T>::size;
  constexpr std::size_t line = 64 / sizeof(T) / size;  // in batches
  const auto batch = [x](std::size_t at) { return Batch<T>::load_unaligned(x + at); };
  std::size_t i = 0;
  for (; i + line * size <= columns; i += line * size) {
    Batch<T> sums[line];  // NOLINT(modernize-avoid-c-arrays)
    for (std::size_t k = 0; k < line; ++k) {
      sums[k] = batch(i + k * size);
    }
    for (std::size_t row = 1; row < Rows; ++row) {
      for (std::size_t k = 0; k < line; ++k) {
        sums[k] += batch(row * stride + i + k * size);
      }
    }
    for (std::size_t k = 0; k < line; ++k) {
      add_wide<T>(out + i + k * size, sums[k]);
    }
  }
  for (; i + size <= columns; i += size) {
    Batch<T> sums = batch(i);
    for (std::size_t row = 1; row < Rows; ++row) {
      sums += batch(row * stride + i);
    }
    add_wide<T>(out + i, sums);
  }
  for (; i < columns; ++i) {
    constexpr std::size_t chains = Rows < 4 ? Rows : 4;
    T sums[chains] = {};  // NOLINT(modernize-avoid-c-arrays)
    for (std::size_t row = 0; row < Rows; row += chains) {
      for (std::size_t k = 0; k < chains; ++k) {
        sums[k] += x[(row + k) * stride + i];
      }
    }
    for (std::size_t k = 1; k < chains; ++k) {
      sums[0] += sums[k];
    }
    out[i] += static_cast<double>(sums[0]);
  }
}

template <class T>
void add_tall(double* out, const T* x, std::size_t rows, std::size_t columns, std::size_t stride) {
  constexpr std::size_t page = 4096 / sizeof(T);
  const bool crowded = stride % page == 0;  // more rows at a time would push each other out of the nearest cache
  std::size_t row = 0;
  for (; !crowded && row + 16 <= rows; row += 16) {
    add_block<16>(out, x + row * stride, columns, stride);
  }
  for (; row + 4 <= rows; row += 4) {
    add_block<4>(out, x + row * stride, columns, stride);
  }
  for (; row + 2 <= rows; row += 2) {
    add_block<2>(out, x + row * stride, columns, stride);
  }
  if (row < rows) {
    add_block<1>(out, x + row * stride, columns, stride);
  }
}

// Many rows of few adjacent columns are fewer rows of several times as many.
template <class T>
void add_rows(double* out, const T* x, std::size_t rows, std::size_t columns, std::size_t stride) {
  constexpr std::size_t narrow = 32;
  const std::size_t together = columns <= narrow / 4 ? 16 : 4;
  if (stride != columns || columns > narrow || rows < 64 * together) {
    add_tall(out, x, rows, columns, stride);
    return;
  }
  alignas(64) double sums[4 * narrow] = {};  // NOLINT(modernize-avoid-c-arrays)
  const std::size_t width = together * columns;
  const std::size_t whole = rows / together;
  add_tall(sums, x, whole, width, width);
  for (std::size_t i = 0; i < width; i += columns) {
    for (std::size_t column = 0; column < columns; ++column) {
      out[column] += sums[i + column];
    }
  }
  add_tall(out, x + whole * width, rows - whole * together, columns, stride);
}

// Four rows at a time, so that `out` is read and written a quarter as often.
template <class T>
void add_few_rows(T* out, const T* x, std::size_t rows, std::size_t columns, std::size_t stride) {
  constexpr std::size_t size = Batch<T>::size;
  const auto batch = [](const T* from) { return Batch<T>::load_unaligned(from); };
  std::size_t row = 0;
  for (; row + 4 <= rows; row += 4, x += 4 * stride) {
    const T* x1 = x + stride;
    const T* x2 = x1 + stride;
    const T* x3 = x2 + stride;
    std::size_t i = 0;
    for (; i + size <= columns; i += size) {
      (batch(out + i) + ((batch(x + i) + batch(x1 + i)) + (batch(x2 + i) + batch(x3 + i)))).store_unaligned(out + i);
    }
    for (; i < columns; ++i) {
      out[i] += (x[i] + x1[i]) + (x2[i] + x3[i]);
    }
  }
  for (; row < rows; ++row, x += stride) {
    std::size_t i = 0;
    for (; i + size <= columns; i += size) {
      (batch(out + i) + batch(x + i)).store_unaligned(out + i);
    }
    for (; i < columns; ++i) {
      out[i] += x[i];
    }
  }
}

// Rows of the running sums of float32: those before are rounded to float32, a few of x are added up in float32, and all
// of them are added up in double for the next ones.
template <std::size_t Rows>
void run_on(double* sums, const float* x, float* out, std::size_t columns, std::ptrdiff_t step) {
  using B = Batch<float>;
  constexpr std::size_t size = B::size;
  const auto at = [step](auto* from, std::size_t row) { return from + static_cast<std::ptrdiff_t>(row) * step; };
  std::size_t i = 0;
  for (; i + size <= columns; i += size) {
    const B before =
        narrow(Batch<double>::load_unaligned(sums + i), Batch<double>::load_unaligned(sums + i + size / 2));
    B terms[Rows];  // NOLINT(modernize-avoid-c-arrays)
    for (std::size_t row = 0; row < Rows; ++row) {
      terms[row] = B::load_unaligned(at(x + i, row));
    }
    for (std::size_t row = 0; row < Rows; ++row) {
      if (row > 0) {
        terms[row] += terms[row - 1];
      }
      (before + terms[row]).store_unaligned(at(out + i, row));
    }
    add_wide<float>(sums + i, terms[Rows - 1]);
  }
  for (; i < columns; ++i) {
    const auto before = static_cast<float>(sums[i]);
    float terms = -0.0F;
    for (std::size_t row = 0; row < Rows; ++row) {
      terms += *at(x + i, row);
      *at(out + i, row) = before + terms;
    }
    sums[i] += static_cast<double>(terms);
  }
}

inline void running_sums(double* sums, const float* x, float* out, std::size_t rows, std::size_t columns,
                         std::ptrdiff_t step) {
  constexpr std::size_t together = 8;
  const std::ptrdiff_t all = static_cast<std::ptrdiff_t>(together) * step;
  for (; rows >= together; rows -= together, x += all, out += all) {
    run_on<together>(sums, x, out, columns, step);
  }
  for (; rows > 0; --rows, x += step, out += step) {
    run_on<1>(sums, x, out, columns, step);
  }
}

inline void running_sums(double* sums, const double* x, double* out, std::size_t rows, std::size_t columns,
                         std::ptrdiff_t step) {
  for (; rows > 0; --rows, x += step, out += step) {
    for (std::size_t i = 0; i < columns; ++i) {
      sums[i] += x[i];
      out[i] = sums[i];
    }
  }
}

}  // namespace

}  // namespace xgrad::run::XGRAD_ISA
