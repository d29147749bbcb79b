#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "xgrad/operation.hpp"

namespace xgrad::ops {

using Lengths = std::vector<std::int64_t>;

inline constexpr std::size_t max_spatial = 3;

/// Holds the product of two lengths.
__extension__ typedef __int128 Wide;

/// One number for each of `count` spatial axes, from one for all, one for each or none (`fallback`). Throws ValueError
/// for another number of them, and for one below `least`.
[[nodiscard]] Lengths per_axis(std::string_view operation, std::string_view what, const Lengths& given,
                               std::size_t count, const Lengths& fallback, std::int64_t least);

/// Of numbers that say how many spatial axes there are. Throws ValueError unless there are 1 to 3, none below `least`.
void require_spatial(std::string_view operation, std::string_view what, const Lengths& given, std::int64_t least);

/// Throws ShapeError if x has fewer than `count` axes.
void require_rank(std::string_view operation, const Tensor& x, std::size_t count);

/// The windows along one axis: window i has the counts[i] elements starts[i], starts[i] + step, …
struct Spans {
  std::int64_t length = 0;  ///< of the axis
  std::int64_t step = 1;
  Lengths starts = {};
  Lengths counts = {};
};

/// Where windows that are reduced to one element lie: by kernel, stride, padding and dilation, or as many as are asked
/// for.
class WindowRule {
 public:
  WindowRule() = default;
  /// Expanded and checked, but for what depends on the input.
  WindowRule(std::string_view operation, const Lengths& kernel, const Lengths& stride, const Lengths& padding,
             const Lengths& dilation, bool ceil_mode);
  /// `size` windows.
  static WindowRule adaptive(std::string_view operation, const Lengths& size);

  [[nodiscard]] bool is_adaptive() const noexcept { return adaptive_; }
  [[nodiscard]] std::size_t count() const noexcept { return kernel_.size(); }
  [[nodiscard]] const Lengths& padding() const noexcept { return padding_; }

  /// Without those that are as if they weren't given.
  [[nodiscard]] std::vector<Attribute> attributes() const;
  /// The number of windows along each spatial axis of x. Throws ShapeError.
  [[nodiscard]] Lengths sizes(std::string_view operation, const Tensor& x) const;
  /// The windows along each of the last axes of a shape for which sizes() didn't throw, without padding.
  [[nodiscard]] std::vector<Spans> spans(const Shape& x) const;
  /// How many elements of its own and of padding the window has along an axis of this length.
  [[nodiscard]] std::int64_t padded_count(std::size_t axis, std::int64_t length, std::int64_t window) const;

  /// No element of an x of this shape is in more windows.
  [[nodiscard]] std::int64_t overlap(const Shape& x) const;

  friend bool operator==(const WindowRule&, const WindowRule&) = default;

 private:
  [[nodiscard]] std::int64_t size(std::size_t axis, std::int64_t length) const;

  Lengths kernel_;  ///< or, of an adaptive one, the number of windows
  Lengths stride_;
  Lengths padding_;
  Lengths dilation_;
  bool ceil_mode_ = false;
  bool adaptive_ = false;
};

/// (…, spatial) with other lengths of the spatial axes.
[[nodiscard]] Shape with_spatial(const Shape& shape, const Lengths& lengths);
/// The lengths of the last `count` axes.
[[nodiscard]] Lengths spatial_of(const Shape& shape, std::size_t count);
/// The product of all lengths before the last `count`.
[[nodiscard]] std::int64_t planes_of(const Shape& shape, std::size_t count);

/// How many planes are worth a thread, if each costs so many operations.
[[nodiscard]] std::int64_t planes_per_piece(std::int64_t cost);

}  // namespace xgrad::ops
