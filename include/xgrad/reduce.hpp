#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

#include "xgrad/export.hpp"
#include "xgrad/tensor.hpp"

/// Reductions. Axes may be negative; none given means all. With keep_dims a reduced axis stays, with length 1.
namespace xgrad {

/// Which axes to reduce: sum(x), sum(x, 0), sum(x, {0, -1}). An empty list means all, as none does.
class Axes {
 public:
  Axes() = default;  ///< All of them.
  template <std::integral I>
  requires(!std::same_as<I, bool>) Axes(I axis)
      : axes_{static_cast<std::int64_t>(axis)} {}                   // NOLINT(google-explicit-constructor)
  Axes(std::initializer_list<std::int64_t> axes) : axes_{axes} {}   // NOLINT(google-explicit-constructor)
  Axes(std::vector<std::int64_t> axes) : axes_{std::move(axes)} {}  // NOLINT(google-explicit-constructor)
  [[nodiscard]] const std::vector<std::int64_t>& values() const noexcept { return axes_; }

 private:
  std::vector<std::int64_t> axes_;
};

// float32, float64, int64. Of no elements: 0, and 1 for prod.
[[nodiscard]] XGRAD_API Tensor sum(const Tensor& x, const Axes& axes = {}, bool keep_dims = false);
/// Its gradient is right with any number of zeros among the factors.
[[nodiscard]] XGRAD_API Tensor prod(const Tensor& x, const Axes& axes = {}, bool keep_dims = false);
/// NaN if any is NaN. Ties share the gradient equally. Of no elements: ShapeError.
[[nodiscard]] XGRAD_API Tensor max(const Tensor& x, const Axes& axes = {}, bool keep_dims = false);
[[nodiscard]] XGRAD_API Tensor min(const Tensor& x, const Axes& axes = {}, bool keep_dims = false);

// float32, float64. Of no elements: NaN; logsumexp −∞.
[[nodiscard]] XGRAD_API Tensor mean(const Tensor& x, const Axes& axes = {}, bool keep_dims = false);
/// Σ (x − mean)² / (n − ddof).
[[nodiscard]] XGRAD_API Tensor var(const Tensor& x, const Axes& axes = {}, bool keep_dims = false,
                                   std::int64_t ddof = 0);
/// √Σ x². Gradient 0 where it is 0.
[[nodiscard]] XGRAD_API Tensor norm(const Tensor& x, const Axes& axes = {}, bool keep_dims = false);
/// log Σ e^x without overflow.
[[nodiscard]] XGRAD_API Tensor logsumexp(const Tensor& x, const Axes& axes = {}, bool keep_dims = false);

/// The index (int64) of the first largest or smallest element along an axis; a NaN counts as largest and as smallest.
/// Of no elements: ShapeError. No gradient.
[[nodiscard]] XGRAD_API Tensor argmax(const Tensor& x, std::int64_t axis = -1, bool keep_dims = false);
[[nodiscard]] XGRAD_API Tensor argmin(const Tensor& x, std::int64_t axis = -1, bool keep_dims = false);

/// e^x / Σ e^x along an axis, right for any x; float32, float64.
[[nodiscard]] XGRAD_API Tensor softmax(const Tensor& x, std::int64_t axis = -1);
[[nodiscard]] XGRAD_API Tensor log_softmax(const Tensor& x, std::int64_t axis = -1);

/// Running sums along an axis; float32, float64, int64. In reverse: from the last element on.
[[nodiscard]] XGRAD_API Tensor cumsum(const Tensor& x, std::int64_t axis = -1, bool reverse = false);

/// The adjoint of broadcast_to: sums x over the axes that were broadcast, so that it has `shape` again. Throws
/// ShapeError if `shape` doesn't broadcast to x's.
[[nodiscard]] XGRAD_API Tensor sum_to(const Tensor& x, const Shape& shape);

}  // namespace xgrad
