#pragma once

#include <cstdint>
#include <vector>

#include "xgrad/export.hpp"
#include "xgrad/tensor.hpp"

/// Windows and pooling over the last axes of a tensor, which are called spatial: 1 to 3 of them, as many as the kernel
/// has numbers. Any axes may stand before them, a batch and channels for instance, or none.
///
/// Along an axis of length n, with kernel k, stride s, padding p on either side and dilation d, window i has the
/// elements i s − p + d j for 0 ≤ j < k, and there are ⌊(n + 2 p − d (k − 1) − 1) / s⌋ + 1 windows; with ceil_mode ⌈…⌉,
/// but none that begins behind the last element and its padding before it. Defaults, shapes and edges are PyTorch's.
///
/// Throws ValueError for a kernel, stride or dilation below 1, a negative padding, or another number of them than there
/// are spatial axes; ShapeError for a tensor of too few axes, and for a kernel that is larger than the padded input.
namespace xgrad {

/// How windows lie. Stride, padding and dilation are one number per spatial axis, or one for all.
struct WindowOptions {
  std::vector<std::int64_t> kernel;         ///< the length of a window along each spatial axis
  std::vector<std::int64_t> stride = {};    ///< from one window to the next; none: 1
  std::vector<std::int64_t> padding = {};   ///< zeros on either side; none: 0
  std::vector<std::int64_t> dilation = {};  ///< from one element of a window to the next; none: 1
};

/// All windows of x (…, spatial): (…, windows, kernel), two axes for each spatial one; any dtype. Without padding,
/// those who can read them where they are in x do so. Also called unfold, or im2col.
[[nodiscard]] XGRAD_API Tensor windows(const Tensor& x, const WindowOptions& options);
/// Adjoint of windows for an x whose spatial axes have the lengths `size`: (…, windows, kernel) to (…, size), where
/// elements that several windows share are added up; float or int64. Also called fold, or col2im.
[[nodiscard]] XGRAD_API Tensor windows_adjoint(const Tensor& g, const std::vector<std::int64_t>& size,
                                               const WindowOptions& options);

/// How windows lie that are reduced to one element each. Padding is at most half of the kernel (ValueError), so that
/// there is an element in each window.
struct PoolOptions {
  std::vector<std::int64_t> kernel;
  std::vector<std::int64_t> stride = {};    ///< none: the kernel, so that windows are neighbours
  std::vector<std::int64_t> padding = {};   ///< on either side; none: 0
  std::vector<std::int64_t> dilation = {};  ///< none: 1
  bool ceil_mode = false;                   ///< whether a last window that isn't whole counts
};

/// The largest element of each window of x (…, spatial): (…, windows). Padding counts as −∞. Its derivative is 1 for
/// the first element of a window that is as large, in row-major order, as in PyTorch and ONNX, where max() shares it
/// among all; −0 and +0 are equal here. NaN is largest; the first one is taken, and gets NaN for its gradient. A window
/// that has padding alone, which only dilation makes, is a ShapeError. float32, float64, int64.
[[nodiscard]] XGRAD_API Tensor max_pool(const Tensor& x, const PoolOptions& options);
/// Where that element is: its index (int64) in the spatial axes of x, flattened in row-major order. No gradient.
[[nodiscard]] XGRAD_API Tensor max_pool_indices(const Tensor& x, const PoolOptions& options);

struct AvgPoolOptions {
  std::vector<std::int64_t> kernel;
  std::vector<std::int64_t> stride = {};   ///< none: the kernel
  std::vector<std::int64_t> padding = {};  ///< zeros on either side, at most half of the kernel; none: 0
  bool ceil_mode = false;                  ///< whether a last window that isn't whole counts
  bool count_include_pad = true;           ///< whether padding counts in the number that is divided by
};

/// The mean of each window of x (…, spatial): (…, windows). What ceil_mode lets a window go beyond the padding never
/// counts. float32, float64.
[[nodiscard]] XGRAD_API Tensor avg_pool(const Tensor& x, const AvgPoolOptions& options);

struct LpPoolOptions {
  std::vector<std::int64_t> kernel;
  std::vector<std::int64_t> stride = {};  ///< none: the kernel
  bool ceil_mode = false;                 ///< whether a last window that isn't whole counts
};

/// (Σ |x|^p)^(1/p) of each window of x (…, spatial): (…, windows); p_norm() of it, with its p, its range and its
/// derivatives. PyTorch takes x^p, so that negative elements cancel others for odd p and are NaN for most, and scales
/// what isn't a whole window up as if it were one; for even p and whole windows both are the same. float32, float64.
[[nodiscard]] XGRAD_API Tensor lp_pool(const Tensor& x, double p, const LpPoolOptions& options);

/// Pooling to m windows along each spatial axis, whatever its length n: window i has the elements from ⌊i n / m⌋ up to
/// and without ⌈(i + 1) n / m⌉. `size` has m for each spatial axis, positive (ValueError); an axis of length 0 is a
/// ShapeError. Dtypes and derivatives as avg_pool and max_pool.
[[nodiscard]] XGRAD_API Tensor adaptive_avg_pool(const Tensor& x, const std::vector<std::int64_t>& size);
[[nodiscard]] XGRAD_API Tensor adaptive_max_pool(const Tensor& x, const std::vector<std::int64_t>& size);

/// The mean or the largest element over the last `spatial` axes, 1 to 3, of at least one element; they are dropped, or
/// stay with length 1. Derivatives as avg_pool and max_pool.
[[nodiscard]] XGRAD_API Tensor global_avg_pool(const Tensor& x, std::int64_t spatial = 2, bool keep_dims = false);
[[nodiscard]] XGRAD_API Tensor global_max_pool(const Tensor& x, std::int64_t spatial = 2, bool keep_dims = false);

}  // namespace xgrad
