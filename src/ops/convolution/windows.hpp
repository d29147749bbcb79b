#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "xgrad/convolution.hpp"
#include "xgrad/operation.hpp"

#include "run/convolution/geometry.hpp"

namespace xgrad::ops {

constexpr std::size_t most_spatial_axes = 3;

/// The options of a convolution, a number for each of its spatial axes.
struct Windows {
  std::size_t rank = 0;  ///< how many there are
  std::array<std::int64_t, most_spatial_axes> stride{1, 1, 1};
  std::array<std::int64_t, most_spatial_axes> before{};
  std::array<std::int64_t, most_spatial_axes> after{};
  std::array<std::int64_t, most_spatial_axes> dilation{1, 1, 1};
  std::int64_t groups = 1;

  friend bool operator==(const Windows&, const Windows&) = default;

  [[nodiscard]] std::vector<Attribute> attributes() const;
  /// (before, after) per axis of a tensor (N, C, *spatial).
  [[nodiscard]] ConvPadding::Widths widths() const;
  [[nodiscard]] bool pads() const noexcept;
  void drop_padding() noexcept;
};

/// `lengths` are the kernel's. Throws ShapeError for options of another number of axes or of more than three,
/// ValueError for numbers that are too small, and for "same" with a stride. `operation` is named in errors.
[[nodiscard]] Windows resolve_windows(std::string_view operation, std::span<const std::int64_t> lengths,
                                      const ConvOptions& options);
[[nodiscard]] Windows resolve_windows(std::string_view operation, std::span<const std::int64_t> lengths,
                                      const ConvTransposeOptions& options);
/// One number per axis, each at least `least`. `what` is their name in errors: "stride". Throws likewise.
[[nodiscard]] std::array<std::int64_t, most_spatial_axes> resolve_sizes(std::string_view operation,
                                                                        std::string_view what, std::size_t rank,
                                                                        const ConvSizes& sizes, std::int64_t least);
/// How many elements the taps of a kernel of this length cover. Throws ShapeError if an int64 doesn't count them.
[[nodiscard]] std::int64_t span_of(std::string_view operation, std::int64_t kernel, std::int64_t dilation);

/// The axes of a tensor behind its first two.
[[nodiscard]] inline std::span<const std::int64_t> spatial(const Shape& shape) noexcept {
  return {shape.begin() + 2, shape.rank() - 2};
}
/// (first, second, *spatial).
[[nodiscard]] Shape shape_of(std::int64_t first, std::int64_t second, std::span<const std::int64_t> spatial);

/// The three shapes of a convolution, before they are known to fit.
struct ConvolutionLengths {
  std::int64_t batch = 0;
  std::int64_t channels = 0;  ///< of the input, all groups
  std::int64_t outputs = 0;   ///< likewise
  std::span<const std::int64_t> in;
  std::span<const std::int64_t> kernel;
};

/// Throws ShapeError that names operation and inputs unless the lengths fit the windows and one another.
[[nodiscard]] run::Convolution fitted(std::string_view operation, std::span<const Tensor> inputs,
                                      const Windows& windows, const ConvolutionLengths& lengths);
/// The same for lengths that fit.
[[nodiscard]] run::Convolution fitting(const Windows& windows, const ConvolutionLengths& lengths) noexcept;
/// The lengths of its output.
[[nodiscard]] std::vector<std::int64_t> output_lengths(const run::Convolution& convolution, std::size_t rank);

/// The adjoint of pad by a mode, by which x of shape `shape` was padded.
[[nodiscard]] Tensor pad_adjoint(const Tensor& padded, const ConvPadding::Widths& widths, const Shape& shape,
                                 PaddingMode mode);

}  // namespace xgrad::ops
