#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "run/kernels/row_kernels.hpp"
#include "run/reductions/index_range.hpp"

/// Rows of float32 that are added to rows chosen by an index, so that the error doesn't grow with how often one is
/// chosen. Few terms are added up in float32. Where many meet in few rows, those are a table in double. Else a row
/// takes `exact_terms` in float32, which then go to a row in double that is made for it. Memory is the caller's.
namespace xgrad::run {

/// Arrays one after another in a block of memory, each aligned to 64; uninitialised. Without a block it only counts.
class Carver {
 public:
  explicit Carver(std::byte* memory = nullptr) noexcept : memory_{memory} {}

  template <class T>
  T* take(std::int64_t count) noexcept {
    T* array = memory_ == nullptr ? nullptr : reinterpret_cast<T*>(memory_ + used_);
    used_ += (static_cast<std::size_t>(count) * sizeof(T) + 63) / 64 * 64;
    return array;
  }
  [[nodiscard]] std::size_t used() const noexcept { return used_; }

 private:
  std::byte* memory_;
  std::size_t used_ = 0;
};

/// For rows that are chosen seldom, all but some. Width: std::int64_t, or a constant that converts to it.
template <class Width>
class StagedRows {
 public:
  /// Rows of `width`, all 0, for so many terms at most.
  StagedRows(float* rows, std::int64_t count, Width width, std::int64_t terms, Carver memory)
      : rows_{rows}, count_{count}, width_{width}, arrays_{memory, count, width, terms} {
    std::fill_n(arrays_.hits, count, std::uint8_t{0});
  }

  /// The memory that it takes.
  [[nodiscard]] static std::size_t bytes(std::int64_t count, std::int64_t width, std::int64_t terms) noexcept {
    Carver memory;
    static_cast<void>(Arrays{memory, count, width, terms});
    return memory.used();
  }

  /// Per row how many terms it holds. One that holds `exact_terms` must be restarted to take another.
  [[nodiscard]] std::uint8_t* hits() const noexcept { return arrays_.hits; }

  /// Empties a row into its row in double; it then holds this term alone.
  void restart(std::int64_t row, const float* x) {
    row_kernels<float>().restart_row(wide_row(row), rows_ + row * width_, x, static_cast<std::size_t>(width_));
    arrays_.hits[row] = 1;
  }

  /// Puts the sums into the rows.
  void finish() {
    const auto width = static_cast<std::size_t>(width_);
    for (std::int32_t place = 0; place < wide_count_; ++place) {
      float* row = rows_ + arrays_.rows[place] * width_;
      const double* sums = arrays_.sums + place * width_;
      std::transform(sums, sums + width, row, row,
                     [](double sum, float last) { return static_cast<float>(sum + static_cast<double>(last)); });
    }
  }

 private:
  struct Arrays {
    Arrays(Carver& memory, std::int64_t count, std::int64_t width, std::int64_t terms)
        : hits{memory.take<std::uint8_t>(count)},
          places{memory.take<std::int32_t>(count)},
          rows{memory.take<std::int64_t>(std::min(count, terms / exact_terms))},
          sums{memory.take<double>(std::min(count, terms / exact_terms) * width)} {}
    std::uint8_t* hits;
    std::int32_t* places;  // per row: its number among the rows in double, or −1
    std::int64_t* rows;    // in double, as many as there may be at most
    double* sums;
  };

  // A row's in double, made if it has none.
  double* wide_row(std::int64_t row) {
    if (wide_count_ == 0) {
      std::fill_n(arrays_.places, count_, -1);
    }
    std::int32_t& place = arrays_.places[row];
    if (place < 0) {
      place = wide_count_++;
      arrays_.rows[place] = row;
      std::fill_n(arrays_.sums + place * width_, static_cast<std::int64_t>(width_), 0.0);
    }
    return arrays_.sums + place * width_;
  }

  float* rows_;
  std::int64_t count_;
  Width width_;
  Arrays arrays_;
  std::int32_t wide_count_ = 0;
};

/// Rows narrower than this are added by loops that the compiler makes.
inline constexpr std::int64_t short_row = 8;

/// The memory that sums of so many terms in `count` rows take, of which no row is chosen more than `most` times.
[[nodiscard]] inline std::size_t indexed_sums_bytes(std::int64_t count, std::int64_t width, std::int64_t terms,
                                                    std::int64_t most) noexcept {
  if (width < short_row && most <= exact_terms) {
    return 0;
  }
  if (width < short_row && count <= 2 * terms) {
    return static_cast<std::size_t>(count * width) * sizeof(double);
  }
  return StagedRows<std::int64_t>::bytes(count, width, terms);
}

/// rows[index] ← Σ x, for `terms` terms that each(f) gives f(index, x) of. No row is chosen more than `most` times.
/// Width: less than short_row, or a constant. `memory` has indexed_sums_bytes().
template <class Width, class Each>
void add_indexed(float* rows, std::int64_t count, Width width, std::int64_t terms, std::int64_t most, std::byte* memory,
                 Each each) {
  const auto add = [=](float* to, const float* x) {
    for (std::int64_t i = 0; i < width; ++i) {
      to[i] += x[i];
    }
  };
  if (most > exact_terms && count <= 2 * terms) {
    auto* sums = reinterpret_cast<double*>(memory);
    std::fill_n(sums, count * width, 0.0);
    each([=](std::int64_t row, const float* x) {
      for (std::int64_t i = 0; i < width; ++i) {
        sums[row * width + i] += static_cast<double>(x[i]);
      }
    });
    std::transform(sums, sums + count * width, rows, [](double sum) { return static_cast<float>(sum); });
    return;
  }
  std::fill_n(rows, count * width, 0.0F);
  if (most <= exact_terms) {
    each([=](std::int64_t row, const float* x) { add(rows + row * width, x); });
    return;
  }
  StagedRows staged{rows, count, width, terms, Carver{memory}};
  std::uint8_t* hits = staged.hits();
  each([=, &staged](std::int64_t row, const float* x) {
    if (hits[row] == exact_terms) [[unlikely]] {
      staged.restart(row, x);
      return;
    }
    ++hits[row];
    add(rows + row * width, x);
  });
  staged.finish();
}

/// rows[indices[j]] ← Σ of the rows j of x (terms, width) with that index, which is in [−count, count).
/// `memory` has indexed_sums_bytes().
inline void add_indexed_rows(float* rows, std::int64_t count, std::int64_t width, const std::int64_t* indices,
                             std::int64_t terms, const float* x, std::byte* memory) {
  if (width < short_row) {
    add_indexed(rows, count, width, terms, terms, memory, [=](auto f) {
      for (std::int64_t j = 0; j < terms; ++j) {
        f(row_of(indices[j], count), x + j * width);
      }
    });
    return;
  }
  std::fill_n(rows, count * width, 0.0F);
  StagedRows staged{rows, count, width, terms, Carver{memory}};
  const auto add = row_kernels<float>().add_rows_at;
  for (std::int64_t j = 0; j < terms; ++j) {
    j += static_cast<std::int64_t>(add(rows, staged.hits(), indices + j, count, x + j * width,
                                       static_cast<std::size_t>(terms - j), static_cast<std::size_t>(width)));
    if (j < terms) {
      staged.restart(row_of(indices[j], count), x + j * width);
    }
  }
  staged.finish();
}

}  // namespace xgrad::run
