#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "xgrad/export.hpp"
#include "xgrad/pooling.hpp"
#include "xgrad/resample.hpp"
#include "xgrad/tensor.hpp"

/// Layers without parameters that change the axes of their input: pooling, padding, resampling. Spatial axes are the
/// last ones; before them may be a batch and channels, or any others.
///
/// A pooling layer takes the options of its function, in which one number for the kernel stands for all axes, and
/// throws ValueError for options that never fit. Calls throw what the function throws.
namespace xgrad::nn {

/// max_pool of (…, length).
class XGRAD_API MaxPool1d {
 public:
  PoolOptions options;
  static constexpr std::array<std::string_view, 1> field_names{"options"};
  explicit MaxPool1d(const PoolOptions& given);
  explicit MaxPool1d(std::int64_t kernel) : MaxPool1d{PoolOptions{.kernel = {kernel}}} {}
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// max_pool of (…, height, width).
class XGRAD_API MaxPool2d {
 public:
  PoolOptions options;
  static constexpr std::array<std::string_view, 1> field_names{"options"};
  explicit MaxPool2d(const PoolOptions& given);
  explicit MaxPool2d(std::int64_t kernel) : MaxPool2d{PoolOptions{.kernel = {kernel}}} {}
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// max_pool of (…, depth, height, width).
class XGRAD_API MaxPool3d {
 public:
  PoolOptions options;
  static constexpr std::array<std::string_view, 1> field_names{"options"};
  explicit MaxPool3d(const PoolOptions& given);
  explicit MaxPool3d(std::int64_t kernel) : MaxPool3d{PoolOptions{.kernel = {kernel}}} {}
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// avg_pool of (…, length).
class XGRAD_API AvgPool1d {
 public:
  AvgPoolOptions options;
  static constexpr std::array<std::string_view, 1> field_names{"options"};
  explicit AvgPool1d(const AvgPoolOptions& given);
  explicit AvgPool1d(std::int64_t kernel) : AvgPool1d{AvgPoolOptions{.kernel = {kernel}}} {}
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// avg_pool of (…, height, width).
class XGRAD_API AvgPool2d {
 public:
  AvgPoolOptions options;
  static constexpr std::array<std::string_view, 1> field_names{"options"};
  explicit AvgPool2d(const AvgPoolOptions& given);
  explicit AvgPool2d(std::int64_t kernel) : AvgPool2d{AvgPoolOptions{.kernel = {kernel}}} {}
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// avg_pool of (…, depth, height, width).
class XGRAD_API AvgPool3d {
 public:
  AvgPoolOptions options;
  static constexpr std::array<std::string_view, 1> field_names{"options"};
  explicit AvgPool3d(const AvgPoolOptions& given);
  explicit AvgPool3d(std::int64_t kernel) : AvgPool3d{AvgPoolOptions{.kernel = {kernel}}} {}
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// lp_pool of (…, length).
class XGRAD_API LpPool1d {
 public:
  double p;
  LpPoolOptions options;
  static constexpr std::array<std::string_view, 2> field_names{"p", "options"};
  LpPool1d(double order, const LpPoolOptions& given);
  LpPool1d(double order, std::int64_t kernel) : LpPool1d{order, LpPoolOptions{.kernel = {kernel}}} {}
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// lp_pool of (…, height, width).
class XGRAD_API LpPool2d {
 public:
  double p;
  LpPoolOptions options;
  static constexpr std::array<std::string_view, 2> field_names{"p", "options"};
  LpPool2d(double order, const LpPoolOptions& given);
  LpPool2d(double order, std::int64_t kernel) : LpPool2d{order, LpPoolOptions{.kernel = {kernel}}} {}
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// lp_pool of (…, depth, height, width).
class XGRAD_API LpPool3d {
 public:
  double p;
  LpPoolOptions options;
  static constexpr std::array<std::string_view, 2> field_names{"p", "options"};
  LpPool3d(double order, const LpPoolOptions& given);
  LpPool3d(double order, std::int64_t kernel) : LpPool3d{order, LpPoolOptions{.kernel = {kernel}}} {}
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// adaptive_max_pool of (…, length).
class XGRAD_API AdaptiveMaxPool1d {
 public:
  std::vector<std::int64_t> size;  ///< of the result, per axis
  static constexpr std::array<std::string_view, 1> field_names{"size"};
  /// One size stands for all axes. Throws ValueError.
  explicit AdaptiveMaxPool1d(const std::vector<std::int64_t>& given);
  explicit AdaptiveMaxPool1d(std::int64_t given) : AdaptiveMaxPool1d{std::vector<std::int64_t>{given}} {}
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// adaptive_max_pool of (…, height, width).
class XGRAD_API AdaptiveMaxPool2d {
 public:
  std::vector<std::int64_t> size;  ///< of the result, per axis
  static constexpr std::array<std::string_view, 1> field_names{"size"};
  /// One size stands for all axes. Throws ValueError.
  explicit AdaptiveMaxPool2d(const std::vector<std::int64_t>& given);
  explicit AdaptiveMaxPool2d(std::int64_t given) : AdaptiveMaxPool2d{std::vector<std::int64_t>{given}} {}
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// adaptive_max_pool of (…, depth, height, width).
class XGRAD_API AdaptiveMaxPool3d {
 public:
  std::vector<std::int64_t> size;  ///< of the result, per axis
  static constexpr std::array<std::string_view, 1> field_names{"size"};
  /// One size stands for all axes. Throws ValueError.
  explicit AdaptiveMaxPool3d(const std::vector<std::int64_t>& given);
  explicit AdaptiveMaxPool3d(std::int64_t given) : AdaptiveMaxPool3d{std::vector<std::int64_t>{given}} {}
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// adaptive_avg_pool of (…, length).
class XGRAD_API AdaptiveAvgPool1d {
 public:
  std::vector<std::int64_t> size;  ///< of the result, per axis
  static constexpr std::array<std::string_view, 1> field_names{"size"};
  /// One size stands for all axes. Throws ValueError.
  explicit AdaptiveAvgPool1d(const std::vector<std::int64_t>& given);
  explicit AdaptiveAvgPool1d(std::int64_t given) : AdaptiveAvgPool1d{std::vector<std::int64_t>{given}} {}
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// adaptive_avg_pool of (…, height, width).
class XGRAD_API AdaptiveAvgPool2d {
 public:
  std::vector<std::int64_t> size;  ///< of the result, per axis
  static constexpr std::array<std::string_view, 1> field_names{"size"};
  /// One size stands for all axes. Throws ValueError.
  explicit AdaptiveAvgPool2d(const std::vector<std::int64_t>& given);
  explicit AdaptiveAvgPool2d(std::int64_t given) : AdaptiveAvgPool2d{std::vector<std::int64_t>{given}} {}
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// adaptive_avg_pool of (…, depth, height, width).
class XGRAD_API AdaptiveAvgPool3d {
 public:
  std::vector<std::int64_t> size;  ///< of the result, per axis
  static constexpr std::array<std::string_view, 1> field_names{"size"};
  /// One size stands for all axes. Throws ValueError.
  explicit AdaptiveAvgPool3d(const std::vector<std::int64_t>& given);
  explicit AdaptiveAvgPool3d(std::int64_t given) : AdaptiveAvgPool3d{std::vector<std::int64_t>{given}} {}
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// The mean over the last `spatial` axes: (N, C, H, W) → (N, C).
struct XGRAD_API GlobalAvgPool {
  std::int64_t spatial = 2;
  bool keep_dims = false;
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
/// The largest element over them.
struct XGRAD_API GlobalMaxPool {
  std::int64_t spatial = 2;
  bool keep_dims = false;
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// The axes from `start` to `end`, which is one of them, as one: (N, C, H, W) → (N, C H W). Negative ones count from
/// the back. Throws ShapeError unless both are axes of x, in this order.
struct XGRAD_API Flatten {
  std::int64_t start = 1;
  std::int64_t end = -1;
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// Elements of `value` put around x. `widths` has (before, after) for each of the last axes, outermost first, where
/// PyTorch's pad begins with the last one. Throws ShapeError for fewer axes, ValueError for a negative width.
struct XGRAD_API ConstantPad {
  std::vector<std::pair<std::int64_t, std::int64_t>> widths;
  double value = 0;
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
/// With zeros.
struct XGRAD_API ZeroPad {
  std::vector<std::pair<std::int64_t, std::int64_t>> widths;
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// With elements of x, by pad() with a mode: reflected without the edge, the edge repeated, or taken from the other
/// end. Throws ShapeError also for an axis that is too short for that.
struct XGRAD_API ReflectionPad {
  std::vector<std::pair<std::int64_t, std::int64_t>> widths;
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
struct XGRAD_API ReplicationPad {
  std::vector<std::pair<std::int64_t, std::int64_t>> widths;
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
struct XGRAD_API CircularPad {
  std::vector<std::pair<std::int64_t, std::int64_t>> widths;
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// upsample with these options.
struct XGRAD_API Upsample {
  UpsampleOptions options;
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// pixel_shuffle by `factor`: (…, C factor², H, W) → (…, C, H factor, W factor).
struct XGRAD_API PixelShuffle {
  std::int64_t factor;
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
/// Its inverse.
struct XGRAD_API PixelUnshuffle {
  std::int64_t factor;
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

}  // namespace xgrad::nn
