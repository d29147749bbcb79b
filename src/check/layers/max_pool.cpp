// Max pooling by hand. Window p of one channel has the elements
//
//   q(p, k) = p · stride − padding + k · dilation      0 ≤ k < kernel, as far as they lie in x
//
// and y[p] = x[m(p)] with m(p) the first of its largest elements, in row-major order. Where the largest is the only one
// of its size, a small change of the others leaves m(p) as it is: ∂y[p]/∂x[i] = [i = m(p)]. Where several are equal,
// that is a choice, and one of the subgradients. So
//
//   dx[i] = Σ dy[p]      over the windows p with m(p) = i: several if windows overlap
//
// Goodfellow, Bengio and Courville, Deep Learning, 2016, section 9.3; Boureau, Ponce and LeCun, ICML 2010.
#include <cmath>
#include <cstddef>
#include <fmt/format.h>
#include <optional>
#include <vector>

#include "xgrad/error.hpp"
#include "xgrad/manual_layers.hpp"

#include "check/layers/array.hpp"
#include "check/layers/values.hpp"
#include "check/layers/windows.hpp"

namespace xgrad::check::manual {
namespace {

constexpr const char* name = "max_pool";

struct Layout {
  std::size_t axes = 0;
  std::int64_t channels = 1;  ///< all axes before the spatial ones
  Index<3> spatial{};
  Index<3> kernel{};
  Index<3> windows{};
  Index<3> stride{};
  Index<3> padding{};
  Index<3> dilation{};
};

std::int64_t windows_along(std::int64_t length, std::int64_t covered, std::int64_t stride, std::int64_t padding,
                           bool ceil_mode) {
  const std::int64_t free = length + 2 * padding - covered;
  if (free < 0) {
    throw ShapeError(fmt::format("[manual::{}] a window that covers {} elements of {}, expected at most as many", name,
                                 covered, length + 2 * padding));
  }
  const std::int64_t count = (free + (ceil_mode ? stride - 1 : 0)) / stride + 1;
  const bool begins_behind = (count - 1) * stride >= length + padding;
  return ceil_mode && begins_behind ? count - 1 : count;
}

Layout layout_of(const Tensor& x, const MaxPoolOptions& options) {
  require_floating(name, "x", x);
  Layout l;
  l.axes = options.kernel.size();
  require_option(name, "number of spatial axes", static_cast<double>(l.axes), l.axes >= 1 && l.axes <= 3, "1 to 3");
  if (x.rank() < l.axes) {
    refuse_shape(name, "x", x, fmt::format("{} spatial axes or more", l.axes));
  }
  l.channels = product_of(x.shape(), 0, x.rank() - l.axes);
  l.spatial = three_of(x.shape(), l.axes);
  l.kernel = three_of(name, "kernel", options.kernel, l.axes, 1, 1);
  l.stride = options.stride.empty() ? l.kernel : three_of(name, "stride", options.stride, l.axes, 1, 1);
  l.padding = three_of(name, "padding", options.padding, l.axes, 0, 0);
  l.dilation = three_of(name, "dilation", options.dilation, l.axes, 1, 1);
  for (std::size_t axis = 0; axis < 3; ++axis) {
    require_option(name, "padding", static_cast<double>(l.padding[axis]), 2 * l.padding[axis] <= l.kernel[axis],
                   "half of the kernel at most");
    const std::int64_t covered = l.dilation[axis] * (l.kernel[axis] - 1) + 1;
    l.windows[axis] = windows_along(l.spatial[axis], covered, l.stride[axis], l.padding[axis], options.ceil_mode);
  }
  return l;
}

/// q(p, k), or nothing outside of x.
std::optional<Index<3>> element_of(const Layout& l, const Index<3>& p, const Index<3>& k) {
  Index<3> q{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    q[axis] = p[axis] * l.stride[axis] - l.padding[axis] + k[axis] * l.dilation[axis];
    if (q[axis] < 0 || q[axis] >= l.spatial[axis]) {
      return std::nullopt;
    }
  }
  return q;
}

/// m(p) of a channel. NaN is larger than any number.
Index<4> largest_of(const Layout& l, const Array<4>& x, std::int64_t channel, const Index<3>& p) {
  std::optional<Index<4>> largest;
  for_each_index(l.kernel, [&](const Index<3>& k) {
    const std::optional<Index<3>> q = element_of(l, p, k);
    if (!q) {
      return;
    }
    const Index<4> at{channel, (*q)[0], (*q)[1], (*q)[2]};
    if (!largest || x[at] > x[*largest] || (std::isnan(x[at]) && !std::isnan(x[*largest]))) {
      largest = at;
    }
  });
  if (!largest) {
    throw ShapeError(fmt::format("[manual::{}] a window that has padding alone, expected an element in each", name));
  }
  return *largest;
}

}  // namespace

MaxPool max_pool(const Tensor& x_given, const Tensor& dy_given, const MaxPoolOptions& options) {
  const Layout l = layout_of(x_given, options);
  std::vector<std::int64_t> leading = x_given.shape().to_vector();
  leading.resize(leading.size() - l.axes);
  const Shape shape_of_y = with_spatial(leading, l.windows, l.axes);
  require(name, "dy", dy_given, x_given.dtype(), shape_of_y);
  const Array<4> x = read(x_given, Index<4>{l.channels, l.spatial[0], l.spatial[1], l.spatial[2]});
  const Array<4> dy = read(dy_given, Index<4>{l.channels, l.windows[0], l.windows[1], l.windows[2]});

  Array<4> y{dy.lengths()};
  Array<4> dx{x.lengths()};
  for_each_index(y.lengths(), [&](const Index<4>& at) {
    const Index<4> m = largest_of(l, x, at[0], {at[1], at[2], at[3]});
    y[at] = x[m];
    dx[m] += std::isnan(x[m]) ? x[m] : dy[at];
  });
  return {write(y, shape_of_y, x_given.dtype()), write_like(dx, x_given)};
}

}  // namespace xgrad::check::manual
