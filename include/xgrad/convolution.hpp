#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

#include "xgrad/export.hpp"
#include "xgrad/tensor.hpp"

/// Convolutions over one to three spatial axes, float32 and float64, with PyTorch's layouts: x (N, C, *spatial), or
/// (C, *spatial) for one sample; a weight (out, C / groups, *kernel). What is called a convolution is, as in PyTorch, a
/// cross-correlation: the kernel isn't flipped.
///
///   y[n, o, p] = Σ over c and k of x[n, c, p · stride − before + k · dilation] w[o, c, k]
///
/// Outside of x is 0, by which a weight is multiplied or not: 0 · ∞ there may be NaN. Sums have one order for any
/// number of threads.
namespace xgrad {

/// One number for all spatial axes, or one each.
class ConvSizes {
 public:
  template <std::integral I>
  ConvSizes(I all) : values_{static_cast<std::int64_t>(all)} {}  // NOLINT(google-explicit-constructor)
  ConvSizes(std::initializer_list<std::int64_t> each) : values_{each}, single_{false} {}  // NOLINT
  ConvSizes(std::vector<std::int64_t> each)  // NOLINT(google-explicit-constructor)
      : values_{std::move(each)}, single_{false} {}

  /// Whether it is one number for all axes.
  [[nodiscard]] bool is_single() const noexcept { return single_; }
  [[nodiscard]] const std::vector<std::int64_t>& values() const noexcept { return values_; }
  friend bool operator==(const ConvSizes&, const ConvSizes&) = default;

 private:
  std::vector<std::int64_t> values_;
  bool single_ = true;
};

/// What is put around x: one number, one per axis, a pair (before, after) per axis, or a rule.
class ConvPadding {
 public:
  using Widths = std::vector<std::pair<std::int64_t, std::int64_t>>;
  enum class Rule : std::uint8_t { single, widths, same };

  template <std::integral I>
  ConvPadding(I all)  // NOLINT(google-explicit-constructor)
      : widths_{{static_cast<std::int64_t>(all), static_cast<std::int64_t>(all)}} {}
  ConvPadding(std::initializer_list<std::int64_t> each) : ConvPadding{std::vector<std::int64_t>{each}} {}  // NOLINT
  ConvPadding(const std::vector<std::int64_t>& each) : rule_{Rule::widths} {  // NOLINT(google-explicit-constructor)
    for (const std::int64_t width : each) {
      widths_.emplace_back(width, width);
    }
  }
  ConvPadding(std::initializer_list<std::pair<std::int64_t, std::int64_t>> each)  // NOLINT(google-explicit-constructor)
      : widths_{each}, rule_{Rule::widths} {}
  ConvPadding(Widths each) : widths_{std::move(each)}, rule_{Rule::widths} {}  // NOLINT(google-explicit-constructor)

  /// None.
  [[nodiscard]] static ConvPadding valid() { return 0; }
  /// As much as keeps the lengths, with stride 1 only; an odd number has one more behind.
  [[nodiscard]] static ConvPadding same() {
    ConvPadding result = 0;
    result.rule_ = Rule::same;
    return result;
  }

  [[nodiscard]] Rule rule() const noexcept { return rule_; }
  [[nodiscard]] const Widths& widths() const noexcept { return widths_; }
  friend bool operator==(const ConvPadding&, const ConvPadding&) = default;

 private:
  Widths widths_;
  Rule rule_ = Rule::single;
};

/// What the elements around x are. Of the row a b c d, two before:
enum class PaddingMode : std::uint8_t {
  zeros,      ///< 0 0 a b c d
  reflect,    ///< c b a b c d; fewer than the axis has elements
  replicate,  ///< a a a b c d; of an axis that has an element
  circular,   ///< c d a b c d; at most as many as the axis has
};

struct ConvOptions {
  ConvSizes stride = 1;
  ConvPadding padding = 0;
  ConvSizes dilation = 1;   ///< the distance of a kernel's elements
  std::int64_t groups = 1;  ///< channels in as many groups, each with output channels of its own
  PaddingMode mode = PaddingMode::zeros;
};

struct ConvTransposeOptions {
  ConvSizes stride = 1;
  ConvPadding padding = 0;       ///< how much less there is at each side; no rule "same"
  ConvSizes output_padding = 0;  ///< how much more there is behind, less than the stride
  ConvSizes dilation = 1;
  std::int64_t groups = 1;
};

/// Along an axis of length n the result has ⌊(n + before + after − dilation (k − 1) − 1) / stride⌋ + 1 elements.
/// @throws ShapeError for ranks, channels, groups or lengths that don't fit, a kernel without elements or larger than
///   the padded input, options for another number of axes; ValueError for a stride, dilation or number of groups below
///   1, a padding below 0; DTypeError
[[nodiscard]] XGRAD_API Tensor conv(const Tensor& x, const Tensor& w, const ConvOptions& options = {});

/// The adjoint of conv in x: g is the cotangent of a result, (N, out, *spatial′), `spatial` are the lengths of x.
/// Errors as for conv, and ShapeError for a g that isn't what conv gives.
[[nodiscard]] XGRAD_API Tensor conv_input(const Tensor& g, const Tensor& w, const std::vector<std::int64_t>& spatial,
                                          const ConvOptions& options = {});

/// The adjoint of conv in w: `kernel` are the lengths of a kernel. Likewise.
[[nodiscard]] XGRAD_API Tensor conv_weight(const Tensor& x, const Tensor& g, const std::vector<std::int64_t>& kernel,
                                           const ConvOptions& options = {});

/// The adjoint of a convolution as a layer that makes lengths larger: x (N, in, *spatial), w (in, out / groups,
/// *kernel) → (N, out, …) with (n − 1) stride − before − after + dilation (k − 1) + output_padding + 1 elements along
/// an axis. Errors as for conv. Unlike in PyTorch an output_padding of the stride or more is a ValueError, also where
/// it is less than the dilation: nothing would reach those elements.
[[nodiscard]] XGRAD_API Tensor conv_transpose(const Tensor& x, const Tensor& w,
                                              const ConvTransposeOptions& options = {});

/// `widths[i]` = (before, after) elements put around axis i by a mode, from those of x; one pair per axis. Any dtype.
/// @throws ValueError for a negative width, ShapeError for one that the axis is too short for
[[nodiscard]] XGRAD_API Tensor pad(const Tensor& x, const std::vector<std::pair<std::int64_t, std::int64_t>>& widths,
                                   PaddingMode mode);

}  // namespace xgrad
