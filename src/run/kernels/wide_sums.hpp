#pragma once

#include <cstddef>
#include <cstdint>

#include "run/kernels/isa_xsimd.hpp"
#include "run/kernels/row_kernels.hpp"

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

/// out ← out + x
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

/// The same of the first `count` lanes.
template <class T>
void add_wide(double* out, const Batch<T>& x, std::size_t count) {
  alignas(64) T lanes[Batch<T>::size];  // NOLINT(modernize-avoid-c-arrays)
  x.store_aligned(lanes);
  for (std::size_t lane = 0; lane < count; ++lane) {
    out[lane] += static_cast<double>(lanes[lane]);
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
  if (const std::size_t left = columns - i; left > 0) {
    Batch<T> sums = load_first(x + i, left, T{1});
    for (std::size_t row = 1; row < Rows; ++row) {
      sums += load_first(x + row * stride + i, left, T{1});
    }
    add_wide<T>(out + i, sums, left);
  }
}

// As many as don't push each other out of the nearest cache: what lies a page apart has one set there, what lies half a
// page apart has two.
template <class T>
std::size_t rows_together(std::size_t stride) {
  constexpr std::size_t page = 4096 / sizeof(T);
  if (stride % page == 0) {
    return 4;
  }
  return stride % (page / 2) == 0 ? 8 : 16;
}

template <class T>
void add_tall(double* out, const T* x, std::size_t rows, std::size_t columns, std::size_t stride) {
  const std::size_t together = rows_together<T>(stride);
  std::size_t row = 0;
  for (; together == 16 && row + 16 <= rows; row += 16) {
    add_block<16>(out, x + row * stride, columns, stride);
  }
  for (; together == 8 && row + 8 <= rows; row += 8) {
    add_block<8>(out, x + row * stride, columns, stride);
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
  if (stride != columns || columns > narrow || rows < 8 * together) {
    add_tall(out, x, rows, columns, stride);
    return;
  }
  const std::size_t width = together * columns;
  alignas(64) double sums[4 * narrow];  // NOLINT(modernize-avoid-c-arrays)
  std::fill_n(sums, width, -0.0);
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

template <class T>
std::size_t add_rows_at(T* rows, std::uint8_t* hits, const std::int64_t* indices, std::int64_t length, const T* x,
                        std::size_t count, std::size_t width) {
  constexpr std::size_t size = Batch<T>::size;
  for (std::size_t j = 0; j < count; ++j, x += width) {
    const auto row = static_cast<std::size_t>(indices[j] < 0 ? indices[j] + length : indices[j]);
    if (hits[row] == exact_terms) {
      return j;
    }
    ++hits[row];
    T* to = rows + row * width;
    std::size_t i = 0;
    for (; i + size <= width; i += size) {
      (Batch<T>::load_unaligned(to + i) + Batch<T>::load_unaligned(x + i)).store_unaligned(to + i);
    }
    for (; i < width; ++i) {
      to[i] += x[i];
    }
  }
  return count;
}

template <class T>
void restart_row(double* sums, T* stage, const T* x, std::size_t count) {
  constexpr std::size_t size = Batch<T>::size;
  std::size_t i = 0;
  for (; i + size <= count; i += size) {
    add_wide<T>(sums + i, Batch<T>::load_unaligned(stage + i));
    Batch<T>::load_unaligned(x + i).store_unaligned(stage + i);
  }
  for (; i < count; ++i) {
    sums[i] += static_cast<double>(stage[i]);
    stage[i] = x[i];
  }
}

// So many rows of which a batch of columns is multiplied in registers.
template <std::size_t Rows, class T>
void multiply_block(double* out, const T* x, std::size_t columns, std::size_t stride) {
  constexpr std::size_t size = Batch<double>::size;
  const auto widened = [x, stride](std::size_t row, std::size_t i) {
    if constexpr (std::is_same_v<T, float>) {
      return widen_half(x + row * stride + i);
    } else {
      return Batch<double>::load_unaligned(x + row * stride + i);
    }
  };
  std::size_t i = 0;
  for (; i + size <= columns; i += size) {
    Batch<double> product = widened(0, i);
    if constexpr (Rows == 4) {
      product = (product * widened(1, i)) * (widened(2, i) * widened(3, i));
    }
    (Batch<double>::load_unaligned(out + i) * product).store_unaligned(out + i);
  }
  for (; i < columns; ++i) {
    auto product = static_cast<double>(x[i]);
    if constexpr (Rows == 4) {
      product = (product * static_cast<double>(x[stride + i])) *
                (static_cast<double>(x[2 * stride + i]) * static_cast<double>(x[3 * stride + i]));
    }
    out[i] *= product;
  }
}

template <class T>
void multiply_rows(double* out, const T* x, std::size_t rows, std::size_t columns, std::size_t stride) {
  std::size_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    multiply_block<4>(out, x + row * stride, columns, stride);
  }
  for (; row < rows; ++row) {
    multiply_block<1>(out, x + row * stride, columns, stride);
  }
}

// Rows of the running sums of `Batches` batches of columns: those before are rounded to float32, a few of x are added
// up in float32, and all of them are added up in double for the next ones.
template <std::size_t Rows, std::size_t Batches>
void run_on(double* sums, const float* x, float* out, std::ptrdiff_t step) {
  using B = Batch<float>;
  constexpr std::size_t size = B::size;
  B before[Batches];  // NOLINT(modernize-avoid-c-arrays)
  B terms[Batches];   // NOLINT(modernize-avoid-c-arrays)
  for (std::size_t k = 0; k < Batches; ++k) {
    const double* sum = sums + k * size;
    before[k] = narrow(Batch<double>::load_unaligned(sum), Batch<double>::load_unaligned(sum + size / 2));
    terms[k] = B(-0.0F);
  }
  for (std::size_t row = 0; row < Rows; ++row, x += step, out += step) {
    for (std::size_t k = 0; k < Batches; ++k) {
      terms[k] += B::load_unaligned(x + k * size);
      (before[k] + terms[k]).store_unaligned(out + k * size);
    }
  }
  for (std::size_t k = 0; k < Batches; ++k) {
    add_wide<float>(sums + k * size, terms[k]);
  }
}

template <std::size_t Rows>
void run_on(double* sums, const float* x, float* out, std::size_t columns, std::ptrdiff_t step) {
  constexpr std::size_t size = Batch<float>::size;
  constexpr std::size_t line = 16 / size;  // a line of the nearest cache, in batches
  std::size_t i = 0;
  for (; i + line * size <= columns; i += line * size) {
    run_on<Rows, line>(sums + i, x + i, out + i, step);
  }
  for (; i + size <= columns; i += size) {
    run_on<Rows, 1>(sums + i, x + i, out + i, step);
  }
  for (; i < columns; ++i) {
    const auto before = static_cast<float>(sums[i]);
    float terms = -0.0F;
    for (std::size_t row = 0; row < Rows; ++row) {
      const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(row) * step + static_cast<std::ptrdiff_t>(i);
      terms += x[at];
      out[at] = before + terms;
    }
    sums[i] += static_cast<double>(terms);
  }
}

inline void running_sums(double* sums, const float* x, float* out, std::size_t rows, std::size_t columns,
                         std::ptrdiff_t step) {
  constexpr std::size_t together = 4;  // more would push each other out of the nearest cache
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
