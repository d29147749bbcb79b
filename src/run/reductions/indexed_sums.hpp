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

/// For rows that are chosen seldom, all but some. Width: std::int64_t, or a constant that converts to it.
template <class Width>
class StagedRows {
 public:
  /// Rows of `width`, all 0, for so many terms at most.
  StagedRows(float* rows, std::int64_t count, Width width, std::int64_t terms)
      : rows_{rows}, count_{count}, width_{width}, most_wide_{std::min(count, terms / exact_terms)}, hits_(count) {
    std::fill_n(hits_.data(), count, std::uint8_t{0});
  }

  /// Per row how many terms it holds. One that holds `exact_terms` must be moved before it takes another.
  [[nodiscard]] std::uint8_t* hits() const noexcept { return hits_.data(); }

  /// Empties a row into its row in double.
  void move(std::int64_t row) {
    if (!wide_) {
      wide_.emplace(count_, most_wide_, width_);
    }
    std::int32_t& place = wide_->places[row];
    if (place < 0) {
      place = wide_count_++;
      wide_->rows[place] = row;
      std::fill_n(wide_->sums.data() + place * width_, static_cast<std::int64_t>(width_), 0.0);
    }
    const auto width = static_cast<std::size_t>(width_);
    float* stage = rows_ + row * width_;
    row_kernels<float>().add_rows(wide_->sums.data() + place * width_, stage, 1, width, width);
    std::fill_n(stage, width, 0.0F);
    hits_[row] = 0;
  }

  /// Puts the sums into the rows.
  void finish() {
    if (!wide_) {
      return;
    }
    Wide& wide = *wide_;
    for (std::int32_t place = 0; place < wide_count_; ++place) {
      const std::int64_t row = wide.rows[place];
      move(row);
      const double* sums = wide.sums.data() + place * width_;
      std::transform(sums, sums + width_, rows_ + row * width_, [](double sum) { return static_cast<float>(sum); });
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

  float* rows_;
  std::int64_t count_;
  Width width_;
  std::int64_t most_wide_;
  PooledArray<std::uint8_t> hits_;
  std::optional<Wide> wide_;
  std::int32_t wide_count_ = 0;
};

/// to ← to + x
template <class Width>
void add_row(float* to, const float* x, Width width) {
  constexpr std::int64_t long_row = 64;
  if constexpr (std::is_same_v<Width, std::int64_t>) {
    if (width >= long_row) {
      const auto size = static_cast<std::size_t>(width);
      row_kernels<float>().add_few_rows(to, x, 1, size, size);
      return;
    }
  }
  for (std::int64_t i = 0; i < width; ++i) {
    to[i] += x[i];
  }
}

/// rows[index] ← rows[index] + x, for `terms` terms that each(f) gives f(index, x) of; `rows`, of `width`, are 0. No
/// row is chosen more than `most` times.
template <class Width, class Each>
void add_indexed(float* rows, std::int64_t count, Width width, std::int64_t terms, std::int64_t most, Each each) {
  constexpr std::int64_t short_row = 8;
  if (most <= exact_terms) {
    each([=](std::int64_t row, const float* x) { add_row(rows + row * width, x, width); });
  } else if (width < short_row && count <= 2 * terms) {
    const PooledArray<double> table(count * width);
    double* sums = table.data();
    std::fill_n(sums, count * width, 0.0);
    each([=](std::int64_t row, const float* x) {
      for (std::int64_t i = 0; i < width; ++i) {
        sums[row * width + i] += static_cast<double>(x[i]);
      }
    });
    std::transform(sums, sums + count * width, rows, [](double sum) { return static_cast<float>(sum); });
  } else {
    StagedRows staged{rows, count, width, terms};
    std::uint8_t* hits = staged.hits();
    each([=, &staged](std::int64_t row, const float* x) {
      if (hits[row] == exact_terms) [[unlikely]] {
        staged.move(row);
      }
      ++hits[row];
      add_row(rows + row * width, x, width);
    });
    staged.finish();
  }
}

}  // namespace xgrad::run
