#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

/// The lengths and steps of a convolution. Along an axis, tap k of the kernel reads for output o the input's element
/// o · stride − before + k · dilation, or 0 if there is none.
namespace xgrad::run {

struct ConvolutionAxis {
  std::int64_t in = 1;
  std::int64_t kernel = 1;
  std::int64_t out = 1;
  std::int64_t stride = 1;
  std::int64_t before = 0;
  std::int64_t dilation = 1;

  friend bool operator==(const ConvolutionAxis&, const ConvolutionAxis&) = default;
};

/// The outputs [first, last) of an axis for which a tap reads an element; empty if first ≥ last.
struct Reach {
  std::int64_t first;
  std::int64_t last;
};

[[nodiscard]] constexpr Reach reach_of(const ConvolutionAxis& axis, std::int64_t tap) noexcept {
  const std::int64_t shift = tap * axis.dilation - axis.before;  // of output 0
  const std::int64_t first = shift >= 0 ? 0 : (-shift + axis.stride - 1) / axis.stride;
  const std::int64_t last = axis.in <= shift ? 0 : (axis.in - shift - 1) / axis.stride + 1;
  return {first, last < axis.out ? last : axis.out};
}

struct Convolution {
  std::int64_t batch = 1;
  std::int64_t groups = 1;
  std::int64_t inputs = 1;                ///< channels of a group
  std::int64_t outputs = 1;               ///< likewise
  std::array<ConvolutionAxis, 3> axes{};  ///< those that aren't there come first, as they are by default

  [[nodiscard]] constexpr std::int64_t in_size() const noexcept { return axes[0].in * axes[1].in * axes[2].in; }
  [[nodiscard]] constexpr std::int64_t out_size() const noexcept { return axes[0].out * axes[1].out * axes[2].out; }
  [[nodiscard]] constexpr std::int64_t taps() const noexcept {
    return axes[0].kernel * axes[1].kernel * axes[2].kernel;
  }
  [[nodiscard]] constexpr std::int64_t weights() const noexcept { return groups * outputs * inputs * taps(); }
  /// Whether the input is its own matrix of columns.
  [[nodiscard]] constexpr bool is_pointwise() const noexcept {
    return std::all_of(axes.begin(), axes.end(), [](const ConvolutionAxis& axis) {
      return axis.kernel == 1 && axis.stride == 1 && axis.before == 0 && axis.in == axis.out;
    });
  }
};

}  // namespace xgrad::run
