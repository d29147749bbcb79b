#include "xgrad/nn/pooling.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <variant>

#include "xgrad/convolution.hpp"
#include "xgrad/error.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/scope.hpp"

#include "nn/defined.hpp"
#include "ops/pooling/window_rule.hpp"

namespace xgrad::nn {

namespace {

using Lengths = std::vector<std::int64_t>;

PoolOptions checked(const char* layer, PoolOptions options, std::size_t axes) {
  options.kernel = ops::per_axis(layer, "kernel", options.kernel, axes, {}, 1);
  const ops::WindowRule rule{layer,           options.kernel,   options.stride,
                             options.padding, options.dilation, options.ceil_mode};
  return options;
}

AvgPoolOptions checked(const char* layer, AvgPoolOptions options, std::size_t axes) {
  options.kernel = ops::per_axis(layer, "kernel", options.kernel, axes, {}, 1);
  const ops::WindowRule rule{layer, options.kernel, options.stride, options.padding, {}, options.ceil_mode};
  return options;
}

LpPoolOptions checked(const char* layer, double p, LpPoolOptions options, std::size_t axes) {
  if (!(p >= 1)) {
    throw ValueError(fmt::format("[{}] p is {}; expected 1 or more", layer, p));
  }
  options.kernel = ops::per_axis(layer, "kernel", options.kernel, axes, {}, 1);
  const ops::WindowRule rule{layer, options.kernel, options.stride, {}, {}, options.ceil_mode};
  return options;
}

Lengths checked(const char* layer, const Lengths& size, std::size_t axes) {
  const Lengths all = ops::per_axis(layer, "size", size, axes, {}, 1);
  ops::require_spatial(layer, "size", all, 1);
  return all;
}

// f(x) in the scope of the layer.
template <class F>
Tensor in_layer(const char* layer, const Tensor& x, F f) {
  const Scope scope{layer, Scope::Role::layer};
  require_defined(layer, "input", x);
  return f(x);
}

// As many axes of x as there are widths are padded, the last ones.
Tensor padded(const char* layer, const Tensor& x, const std::vector<std::pair<std::int64_t, std::int64_t>>& widths,
              std::variant<double, PaddingMode> with) {
  return in_layer(layer, x, [&](const Tensor& input) {
    if (widths.size() > input.rank()) {
      throw ShapeError(fmt::format("[{}] found {} pairs of widths for {}; expected at most one per axis", layer,
                                   widths.size(), to_string(input.shape())));
    }
    std::vector<std::pair<std::int64_t, std::int64_t>> all(input.rank() - widths.size(), {0, 0});
    all.insert(all.end(), widths.begin(), widths.end());
    return std::visit([&](auto value_or_mode) { return pad(input, all, value_or_mode); }, with);
  });
}

}  // namespace

MaxPool1d::MaxPool1d(const PoolOptions& given) : options{checked("MaxPool1d", given, 1)} {}

Tensor MaxPool1d::operator()(const Tensor& x) const {
  return in_layer("MaxPool1d", x, [this](const Tensor& input) { return max_pool(input, options); });
}

MaxPool2d::MaxPool2d(const PoolOptions& given) : options{checked("MaxPool2d", given, 2)} {}

Tensor MaxPool2d::operator()(const Tensor& x) const {
  return in_layer("MaxPool2d", x, [this](const Tensor& input) { return max_pool(input, options); });
}

MaxPool3d::MaxPool3d(const PoolOptions& given) : options{checked("MaxPool3d", given, 3)} {}

Tensor MaxPool3d::operator()(const Tensor& x) const {
  return in_layer("MaxPool3d", x, [this](const Tensor& input) { return max_pool(input, options); });
}

AvgPool1d::AvgPool1d(const AvgPoolOptions& given) : options{checked("AvgPool1d", given, 1)} {}

Tensor AvgPool1d::operator()(const Tensor& x) const {
  return in_layer("AvgPool1d", x, [this](const Tensor& input) { return avg_pool(input, options); });
}

AvgPool2d::AvgPool2d(const AvgPoolOptions& given) : options{checked("AvgPool2d", given, 2)} {}

Tensor AvgPool2d::operator()(const Tensor& x) const {
  return in_layer("AvgPool2d", x, [this](const Tensor& input) { return avg_pool(input, options); });
}

AvgPool3d::AvgPool3d(const AvgPoolOptions& given) : options{checked("AvgPool3d", given, 3)} {}

Tensor AvgPool3d::operator()(const Tensor& x) const {
  return in_layer("AvgPool3d", x, [this](const Tensor& input) { return avg_pool(input, options); });
}

LpPool1d::LpPool1d(double order, const LpPoolOptions& given)
    : p{order}, options{checked("LpPool1d", order, given, 1)} {}

Tensor LpPool1d::operator()(const Tensor& x) const {
  return in_layer("LpPool1d", x, [this](const Tensor& input) { return lp_pool(input, p, options); });
}

LpPool2d::LpPool2d(double order, const LpPoolOptions& given)
    : p{order}, options{checked("LpPool2d", order, given, 2)} {}

Tensor LpPool2d::operator()(const Tensor& x) const {
  return in_layer("LpPool2d", x, [this](const Tensor& input) { return lp_pool(input, p, options); });
}

LpPool3d::LpPool3d(double order, const LpPoolOptions& given)
    : p{order}, options{checked("LpPool3d", order, given, 3)} {}

Tensor LpPool3d::operator()(const Tensor& x) const {
  return in_layer("LpPool3d", x, [this](const Tensor& input) { return lp_pool(input, p, options); });
}

AdaptiveMaxPool1d::AdaptiveMaxPool1d(const Lengths& given) : size{checked("AdaptiveMaxPool1d", given, 1)} {}

Tensor AdaptiveMaxPool1d::operator()(const Tensor& x) const {
  return in_layer("AdaptiveMaxPool1d", x, [this](const Tensor& input) { return adaptive_max_pool(input, size); });
}

AdaptiveMaxPool2d::AdaptiveMaxPool2d(const Lengths& given) : size{checked("AdaptiveMaxPool2d", given, 2)} {}

Tensor AdaptiveMaxPool2d::operator()(const Tensor& x) const {
  return in_layer("AdaptiveMaxPool2d", x, [this](const Tensor& input) { return adaptive_max_pool(input, size); });
}

AdaptiveMaxPool3d::AdaptiveMaxPool3d(const Lengths& given) : size{checked("AdaptiveMaxPool3d", given, 3)} {}

Tensor AdaptiveMaxPool3d::operator()(const Tensor& x) const {
  return in_layer("AdaptiveMaxPool3d", x, [this](const Tensor& input) { return adaptive_max_pool(input, size); });
}

AdaptiveAvgPool1d::AdaptiveAvgPool1d(const Lengths& given) : size{checked("AdaptiveAvgPool1d", given, 1)} {}

Tensor AdaptiveAvgPool1d::operator()(const Tensor& x) const {
  return in_layer("AdaptiveAvgPool1d", x, [this](const Tensor& input) { return adaptive_avg_pool(input, size); });
}

AdaptiveAvgPool2d::AdaptiveAvgPool2d(const Lengths& given) : size{checked("AdaptiveAvgPool2d", given, 2)} {}

Tensor AdaptiveAvgPool2d::operator()(const Tensor& x) const {
  return in_layer("AdaptiveAvgPool2d", x, [this](const Tensor& input) { return adaptive_avg_pool(input, size); });
}

AdaptiveAvgPool3d::AdaptiveAvgPool3d(const Lengths& given) : size{checked("AdaptiveAvgPool3d", given, 3)} {}

Tensor AdaptiveAvgPool3d::operator()(const Tensor& x) const {
  return in_layer("AdaptiveAvgPool3d", x, [this](const Tensor& input) { return adaptive_avg_pool(input, size); });
}

Tensor GlobalAvgPool::operator()(const Tensor& x) const {
  return in_layer("GlobalAvgPool", x,
                  [this](const Tensor& input) { return global_avg_pool(input, spatial, keep_dims); });
}

Tensor GlobalMaxPool::operator()(const Tensor& x) const {
  return in_layer("GlobalMaxPool", x,
                  [this](const Tensor& input) { return global_max_pool(input, spatial, keep_dims); });
}

Tensor Flatten::operator()(const Tensor& x) const {
  return in_layer("Flatten", x, [this](const Tensor& input) {
    const std::size_t first = normalize_axis(start, input.rank(), "Flatten");
    const std::size_t last = normalize_axis(end, input.rank(), "Flatten");
    if (first > last) {
      throw ShapeError(fmt::format("[Flatten] found axes {} to {} of {}; expected the first one first", start, end,
                                   to_string(input.shape())));
    }
    const Lengths lengths = input.shape().to_vector();
    const auto at = [&](std::size_t axis) { return lengths.begin() + static_cast<std::ptrdiff_t>(axis); };
    Lengths result{lengths.begin(), at(first)};
    result.push_back(Shape{std::span{at(first), at(last + 1)}}.size());
    result.insert(result.end(), at(last + 1), lengths.end());
    return reshape(input, Shape{result});
  });
}

Tensor ConstantPad::operator()(const Tensor& x) const {
  return padded("ConstantPad", x, widths, value);
}

Tensor ZeroPad::operator()(const Tensor& x) const {
  return padded("ZeroPad", x, widths, 0.0);
}

Tensor ReflectionPad::operator()(const Tensor& x) const {
  return padded("ReflectionPad", x, widths, PaddingMode::reflect);
}

Tensor ReplicationPad::operator()(const Tensor& x) const {
  return padded("ReplicationPad", x, widths, PaddingMode::replicate);
}

Tensor CircularPad::operator()(const Tensor& x) const {
  return padded("CircularPad", x, widths, PaddingMode::circular);
}

Tensor Upsample::operator()(const Tensor& x) const {
  return in_layer("Upsample", x, [this](const Tensor& input) { return upsample(input, options); });
}

Tensor PixelShuffle::operator()(const Tensor& x) const {
  return in_layer("PixelShuffle", x, [this](const Tensor& input) { return pixel_shuffle(input, factor); });
}

Tensor PixelUnshuffle::operator()(const Tensor& x) const {
  return in_layer("PixelUnshuffle", x, [this](const Tensor& input) { return pixel_unshuffle(input, factor); });
}

}  // namespace xgrad::nn
