#pragma once

#include <concepts>
#include <cstdint>
#include <optional>

#include "xgrad/export.hpp"
#include "xgrad/tensor.hpp"

/// Selecting elements; any dtype for the elements, int64 for indices.
namespace xgrad {

/// Python's start:stop:step: missing ends are the array's, negative ends count from the back, ends out of range are cut
/// to it. Throws ValueError for step 0.
struct Slice {
  std::optional<std::int64_t> start = std::nullopt;
  std::optional<std::int64_t> stop = std::nullopt;
  std::int64_t step = 1;
};

struct Ellipsis {};
struct NewAxis {};
inline constexpr Slice all{};          ///< ":"
inline constexpr Ellipsis ellipsis{};  ///< "..."
inline constexpr NewAxis newaxis{};    ///< "None"

/// One entry of x.at({0, Slice{1, 5}, ellipsis, newaxis}).
class Index {
 public:
  enum class Kind : std::uint8_t { integer, slice, rest, new_axis };
  template <std::integral I>
  requires(!std::same_as<I, bool>) Index(I index)
      : integer_{static_cast<std::int64_t>(index)} {}               // NOLINT(google-explicit-constructor)
  Index(const Slice& slice) : slice_{slice}, kind_{Kind::slice} {}  // NOLINT(google-explicit-constructor)
  Index(Ellipsis /*unused*/) : kind_{Kind::rest} {}                 // NOLINT(google-explicit-constructor)
  Index(NewAxis /*unused*/) : kind_{Kind::new_axis} {}              // NOLINT(google-explicit-constructor)

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] std::int64_t integer() const noexcept { return integer_; }
  [[nodiscard]] const Slice& slice() const noexcept { return slice_; }

 private:
  Slice slice_;
  std::int64_t integer_ = 0;
  Kind kind_ = Kind::integer;
};

/// x's elements start:stop:step along one axis.
[[nodiscard]] XGRAD_API Tensor slice(const Tensor& x, const Slice& range, std::int64_t axis = 0);

/// Rows of x: result shape is x's with the axis replaced by indices' shape. Negative indices count from the back; out
/// of range is a ValueError at evaluation.
[[nodiscard]] XGRAD_API Tensor take(const Tensor& x, const Tensor& indices, std::int64_t axis = 0);
/// NumPy's take_along_axis: indices has x's rank, and x's lengths except along the axis.
[[nodiscard]] XGRAD_API Tensor gather(const Tensor& x, const Tensor& indices, std::int64_t axis = -1);

/// Adjoint of slice: zeros with `length` along the axis, x put at start:stop:step.
[[nodiscard]] XGRAD_API Tensor slice_adjoint(const Tensor& x, const Slice& range, std::int64_t length,
                                             std::int64_t axis = 0);
/// Adjoint of take: zeros with `length` along the axis, x's rows added at `indices`; repeats add up. float or int64.
[[nodiscard]] XGRAD_API Tensor take_adjoint(const Tensor& x, const Tensor& indices, std::int64_t length,
                                            std::int64_t axis = 0);
/// Adjoint of gather: zeros with `length` along the axis, x's elements added at `indices`.
[[nodiscard]] XGRAD_API Tensor scatter_add(const Tensor& x, const Tensor& indices, std::int64_t length,
                                           std::int64_t axis = -1);

/// 1 at the class index, else 0, along a new last axis of length `classes`. An index outside [0, classes) is a
/// ValueError at evaluation. No gradient.
[[nodiscard]] XGRAD_API Tensor one_hot(const Tensor& indices, std::int64_t classes, DType dtype = float32);

namespace detail {
/// one_hot of bool for a loss: the error of an index outside is CrossEntropy's, with the shapes of target and logits.
[[nodiscard]] XGRAD_API Tensor one_hot_of_target(const Tensor& target, std::int64_t classes);
}  // namespace detail

}  // namespace xgrad
