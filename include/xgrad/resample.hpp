#pragma once

#include <cstdint>
#include <vector>

#include "xgrad/export.hpp"
#include "xgrad/tensor.hpp"

/// Tensors on another grid: interpolation along the last axes, which are called spatial, and channels as pixels. Any
/// axes may stand before the spatial ones, or none.
namespace xgrad {

enum class Interpolation : std::uint8_t {
  nearest,  ///< the element before: x[⌊i n / m⌋]
  linear,   ///< between two; bilinear and trilinear along two and three axes
  cubic,    ///< among four, by Keys' convolution (1981) with a = −0.75; along two axes
};

/// Either sizes or scales, one per spatial axis: 1 to 3, for cubic 2.
struct UpsampleOptions {
  std::vector<std::int64_t> size = {};  ///< of the result
  std::vector<double> scale = {};       ///< the result has ⌊n scale⌋ elements
  Interpolation mode = Interpolation::nearest;
  bool align_corners = false;  ///< of linear and cubic: whether the grids share their first and last points
};

/// x (…, spatial) on a grid of another size, larger or smaller. Element i of the result along an axis is taken at
///
///   nearest                   ⌊i r⌋
///   without align_corners     (i + ½) r − ½
///   with                      i (n − 1) / (m − 1)
///
/// where n and m are the lengths and r is 1 / scale if a scale was given, else n / m. linear takes what lies before the
/// first element as at it; cubic continues x with its first and last elements. As PyTorch's interpolate. Positions are
/// computed in float64, and where sizes are given exactly; PyTorch's float32 ones may be off by rounding.
/// float32, float64. Throws ValueError for a size below 1, a scale that isn't a positive number or leaves nothing, both
/// or neither, another number of them, or align_corners with nearest; ShapeError for too few axes or an empty one.
[[nodiscard]] XGRAD_API Tensor upsample(const Tensor& x, const UpsampleOptions& options);
/// Adjoint of upsample for an x whose spatial axes have the lengths `size`: (…, result) to (…, size).
[[nodiscard]] XGRAD_API Tensor upsample_adjoint(const Tensor& g, const std::vector<std::int64_t>& size,
                                                const UpsampleOptions& options);

/// (…, C r², H, W) → (…, C, H r, W r): channel c r² + i r + j becomes the pixels (h r + i, w r + j) of channel c; any
/// dtype (Shi et al., CVPR 2016). Throws ValueError unless r is positive, ShapeError if r² doesn't divide the channels.
[[nodiscard]] XGRAD_API Tensor pixel_shuffle(const Tensor& x, std::int64_t r);
/// Its inverse. Throws ShapeError if r doesn't divide the height or the width.
[[nodiscard]] XGRAD_API Tensor pixel_unshuffle(const Tensor& x, std::int64_t r);

}  // namespace xgrad
