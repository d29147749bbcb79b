#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>

#include "memory/buffer.hpp"
#include "run/kernels/row_kernels.hpp"

/// Rows of float32 that are added to rows chosen by an index, so that the error doesn't grow with how often one is
/// chosen. Few terms are added up in float32. Where many meet in few rows, those are a table in double. Else a row
/// takes `exact_terms` in float32, which then go to a row in double that is made for it.
namespace xgrad::run {

/// Uninitialised memory from the pool.
template <class T>
class PooledArray {
 public:
  explicit PooledArray(std::int64_t count)
      : buffer_{memory::Buffer::allocate(Shape{count * static_cast<std::int64_t>(sizeof(T))}, boolean)} {}
  [[nodiscard]] T* data() const noexcept { return static_cast<T*>(buffer_.data()); }
  [[nodiscard]] T& operator[](std::int64_t i) const noexcept { return data()[i]; }

 private:
  memory::Buffer buffer_;
};

/// The row that an index in [−length, length) names.
[[nodiscard]] inline std::int64_t row_of(std::int64_t index, std::int64_t length) noexcept {
  return index < 0 ? index + length : index;
}

/// For rows that are chosen seldom, all but some. Width: std::int64_t, or a constant that converts to it.
template <class Width>
class StagedRows {
 public:
  /// Rows of `width`, all 0, for so many terms at most.
  StagedRows(float* rows, std::int64_t count, Width width, std::int64_t terms)
      : rows_{rows}, count_{count}, width_{width}, most_wide_{std::min(count, terms / exact_terms)}, hits_(count) {
    std::fill_n(hits_.data(), count, std::uint8_t{0});
  }

  /// Per row how many terms it holds. One that holds `exact_terms` must be restarted to take another.
  [[nodiscard]] std::uint8_t* hits() const noexcept { return hits_.data(); }

  /// Empties a row into its row in double; it then holds this term alone.
  void restart(std::int64_t row, const float* x) {
    row_kernels<float>().restart_row(wide_row(row), rows_ + row * width_, x, static_cast<std::size_t>(width_));
    hits_[row] = 1;
  }

  /// Puts the sums into the rows.
  void finish() {
    if (!wide_) {
      return;
    }
    const Wide& wide = *wide_;
    for (std::int32_t place = 0; place < wide_count_; ++place) {
      float* row = rows_ + wide.rows[place] * width_;
      const double* sums = wide.sums.data() + place * width_;
      std::transform(sums, sums + width_, row, row,
                     [](double sum, float last) { return static_cast<float>(sum + static_cast<double>(last)); });
    }
  }

 private:
  /// The rows in double, as many as there may be at most.
  struct Wide {
    Wide(std::int64_t count, std::int64_t most, std::int64_t width) : places(count), rows(most), sums(most * width) {
      std::fill_n(places.data(), count, -1);
    }
    PooledArray<std::int32_t> places;  // per row
    PooledArray<std::int64_t> rows;    // per place
    PooledArray<double> sums;
  };

  // A row's in double, made if it has none.
  double* wide_row(std::int64_t row) {
    if (!wide_) {
      wide_.emplace(count_, most_wide_, width_);
    }
    std::int32_t& place = wide_->places[row];
    if (place < 0) {
      place = wide_count_++;
      wide_->rows[place] = row;
      std::fill_n(wide_->sums.data() + place * width_, static_cast<std::int64_t>(width_), 0.0);
    }
    return wide_->sums.data() + place * width_;
  }

  float* rows_;
  std::int64_t count_;
  Width width_;
  std::int64_t most_wide_;
  PooledArray<std::uint8_t> hits_;
  std::optional<Wide> wide_;
  std::int32_t wide_count_ = 0;
};

/// Rows narrower than this are added by loops that the compiler makes.
inline constexpr std::int64_t short_row = 8;

/// rows[index] ← Σ x, for `terms` terms that each(f) gives f(index, x) of. No row is chosen more than `most` times.
/// Width: less than short_row, or a constant.
template <class Width, class Each>
void add_indexed(float* rows, std::int64_t count, Width width, std::int64_t terms, std::int64_t most, Each each) {
  const auto add = [=](float* to, const float* x) {
    for (std::int64_t i = 0; i < width; ++i) {
      to[i] += x[i];
    }
  };
  if (most > exact_terms && count <= 2 * terms) {
    const PooledArray<double> table(count * width);
    double* sums = table.data();
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
  StagedRows staged{rows, count, width, terms};
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
inline void add_indexed_rows(float* rows, std::int64_t count, std::int64_t width, const std::int64_t* indices,
                             std::int64_t terms, const float* x) {
  if (width < short_row) {
    add_indexed(rows, count, width, terms, terms, [=](auto f) {
      for (std::int64_t j = 0; j < terms; ++j) {
        f(row_of(indices[j], count), x + j * width);
      }
    });
    return;
  }
  std::fill_n(rows, count * width, 0.0F);
  StagedRows staged{rows, count, width, terms};
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
