#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "xgrad/export.hpp"

namespace xgrad {

/// The lengths of a tensor's axes, outermost first. Zero-rank is a scalar; a length may be 0. A value type without
/// allocation: at most max_rank axes.
class XGRAD_API Shape {
 public:
  static constexpr std::size_t max_rank = 8;

  Shape() noexcept { std::fill_n(dims_.begin(), usual_rank, 0); }
  Shape(const Shape& other) noexcept { copy(other); }
  Shape& operator=(const Shape& other) noexcept {
    copy(other);
    return *this;
  }
  ~Shape() = default;
  /// Throws ShapeError for a negative length, more than max_rank axes, or more elements than an int64 counts.
  Shape(std::initializer_list<std::int64_t> dims);
  explicit Shape(std::span<const std::int64_t> dims);

  [[nodiscard]] std::size_t rank() const noexcept { return rank_; }
  /// The number of elements: the product of the lengths, 1 for zero rank.
  [[nodiscard]] std::int64_t size() const noexcept;
  /// The length of an axis; no negative axes here, see axis().
  [[nodiscard]] std::int64_t operator[](std::size_t axis) const noexcept { return dims_[axis]; }
  [[nodiscard]] const std::int64_t* begin() const noexcept { return dims_.data(); }
  [[nodiscard]] const std::int64_t* end() const noexcept { return dims_.data() + rank_; }
  [[nodiscard]] std::int64_t back() const noexcept { return dims_[rank_ - 1U]; }
  [[nodiscard]] std::vector<std::int64_t> to_vector() const { return {begin(), end()}; }

  /// A copy with one axis' length replaced, removed or inserted. Axis as in operator[]; for inserted, up to rank().
  [[nodiscard]] Shape with(std::size_t axis, std::int64_t length) const;
  [[nodiscard]] Shape without(std::size_t axis) const;
  [[nodiscard]] Shape inserted(std::size_t axis, std::int64_t length) const;

  friend bool operator==(const Shape& a, const Shape& b) noexcept {
    if (a.rank_ != b.rank_) {
      return false;
    }
    for (std::size_t i = 0; i < a.rank_; ++i) {
      if (a.dims_[i] != b.dims_[i]) {
        return false;
      }
    }
    return true;
  }

 private:
  // Nearly all shapes have no more axes; the memory of further ones is neither written nor read then.
  static constexpr std::size_t usual_rank = 3;

  void copy(const Shape& other) noexcept {
    rank_ = other.rank_;
    std::copy_n(other.dims_.begin(), usual_rank, dims_.begin());
    if (rank_ > usual_rank) {
      std::copy_n(other.dims_.begin() + usual_rank, max_rank - usual_rank, dims_.begin() + usual_rank);
    }
  }

  std::uint8_t rank_ = 0;
  std::array<std::int64_t, max_rank> dims_;
};

/// As NumPy writes it: "()", "(3,)", "(2, 3)".
[[nodiscard]] XGRAD_API std::string to_string(const Shape& shape);
XGRAD_API std::ostream& operator<<(std::ostream& out, const Shape& shape);

/// True, and the common shape in `result`, if the two broadcast by NumPy's rule: aligned at the last axis, lengths
/// equal or one of them 1.
[[nodiscard]] XGRAD_API bool broadcast(const Shape& a, const Shape& b, Shape& result) noexcept;

/// An axis in [-rank, rank) as one in [0, rank). Throws ShapeError that names `operation`.
[[nodiscard]] XGRAD_API std::size_t normalize_axis(std::int64_t axis, std::size_t rank, std::string_view operation);

/// Several axes of a reduction: sorted and without repeats; a repeat is a ShapeError. No axes given means all.
[[nodiscard]] XGRAD_API std::vector<std::size_t> normalize_axes(std::span<const std::int64_t> axes, std::size_t rank,
                                                                std::string_view operation);

}  // namespace xgrad
