// Convolution by hand. With output channels o, input channels c of o's group, results p, kernel elements k:
//
//   y[n, o, p] = b[o] + Σ_{c, k} w[o, c, k] x[n, c, q(p, k)]        q(p, k) = p · stride − before + k · dilation
//
// What doesn't lie in x is 0, or an element of x that the padding repeats; then q is that element's index. The loss
// changes with y by Σ dy[n, o, p] ∂y[n, o, p], which is
//
//   Σ_{n, o, p} dy[n, o, p] b[o]  +  Σ_{n, o, p, c, k} dy[n, o, p] w[o, c, k] x[n, c, q(p, k)]
//
// The second sum is linear in each of dy, w and x. So the derivative in one of the three is the sum of the products of
// the other two, over the very same terms:
//
//   dx[n, c, i]  = Σ dy[n, o, p] w[o, c, k]      over the o, p, k with q(p, k) = i
//   dw[o, c, k]  = Σ dy[n, o, p] x[n, c, q(p, k)]    over the n, p
//   db[o]        = Σ dy[n, o, p]                     over the n, p
//
// With stride 1, i = p + k − before: dx[i] = Σ_k dy[i + before − k] w[k], a convolution of dy with the kernel flipped.
// LeCun et al., Backpropagation applied to handwritten zip code recognition, Neural Computation 1, 1989; Goodfellow,
// Bengio and Courville, Deep Learning, 2016, section 9.5, equations 9.11 and 9.13.
#include <algorithm>
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

constexpr const char* name = "convolution";

/// All lengths; the spatial ones are three.
struct Layout {
  std::size_t axes = 0;
  bool has_batch = true;
  std::int64_t samples = 1;
  std::int64_t in = 0;
  std::int64_t out = 0;
  std::int64_t groups = 1;
  Index<3> spatial{};  ///< of x
  Index<3> kernel{};
  Index<3> results{};  ///< of y
  Index<3> stride{};
  Index<3> before{};
  Index<3> dilation{};
  Outside outside = Outside::zeros;

  [[nodiscard]] Index<5> of_x() const { return {samples, in, spatial[0], spatial[1], spatial[2]}; }
  [[nodiscard]] Index<5> of_w() const { return {out, in / groups, kernel[0], kernel[1], kernel[2]}; }
  [[nodiscard]] Index<5> of_y() const { return {samples, out, results[0], results[1], results[2]}; }
  [[nodiscard]] Shape shape_of_y() const {
    return with_spatial(has_batch ? std::vector{samples, out} : std::vector{out}, results, axes);
  }
};

/// Which element of an axis stands at i, that may lie outside; none if that is 0.
std::optional<std::int64_t> element_at(std::int64_t i, std::int64_t length, Outside outside) {
  if (i >= 0 && i < length) {
    return i;
  }
  switch (outside) {
    case Outside::zeros:
      return std::nullopt;
    case Outside::reflect:
      return i < 0 ? -i : 2 * (length - 1) - i;
    case Outside::replicate:
      return i < 0 ? 0 : length - 1;
    case Outside::circular:
      return i < 0 ? i + length : i - length;
  }
  return std::nullopt;
}

/// q(p, k).
std::optional<Index<3>> under(const Layout& l, const Index<3>& p, const Index<3>& k) {
  Index<3> q{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const std::int64_t i = p[axis] * l.stride[axis] - l.before[axis] + k[axis] * l.dilation[axis];
    const std::optional<std::int64_t> element = element_at(i, l.spatial[axis], l.outside);
    if (!element) {
      return std::nullopt;
    }
    q[axis] = *element;
  }
  return q;
}

/// Calls term(index of y, index of w, index of x) for every product of the sum.
template <class Term>
void for_each_term(const Layout& l, const Term& term) {
  const std::int64_t in_per_group = l.in / l.groups;
  const std::int64_t out_per_group = l.out / l.groups;
  for_each_index(Index<3>{l.samples, l.out, in_per_group}, [&](const Index<3>& channels) {
    const std::int64_t n = channels[0];
    const std::int64_t o = channels[1];
    const std::int64_t c = channels[2];
    const std::int64_t c_in_x = o / out_per_group * in_per_group + c;
    for_each_index(l.results, [&](const Index<3>& p) {
      for_each_index(l.kernel, [&](const Index<3>& k) {
        if (const std::optional<Index<3>> q = under(l, p, k)) {
          term(Index<5>{n, o, p[0], p[1], p[2]}, Index<5>{o, c, k[0], k[1], k[2]},
               Index<5>{n, c_in_x, (*q)[0], (*q)[1], (*q)[2]});
        }
      });
    });
  });
}

void require_outside(const Layout& l, std::size_t axis, std::int64_t before, std::int64_t behind) {
  const std::int64_t length = l.spatial[axis];
  const std::int64_t most = std::max(before, behind);
  const bool fits = l.outside == Outside::zeros || most == 0 || (l.outside == Outside::reflect && most < length) ||
                    (l.outside == Outside::replicate && length > 0) ||
                    (l.outside == Outside::circular && most <= length);
  if (!fits) {
    throw ShapeError(
        fmt::format("[manual::{}] padding of {} from an axis of {} elements, expected less", name, most, length));
  }
}

void set_spatial(Layout& l, const ConvolutionOptions& options) {
  l.stride = three_of(name, "stride", options.stride, l.axes, 1, 1);
  l.dilation = three_of(name, "dilation", options.dilation, l.axes, 1, 1);
  std::vector<std::int64_t> before;
  std::vector<std::int64_t> behind;
  for (const auto& [first, second] : options.padding) {
    before.push_back(first);
    behind.push_back(second);
  }
  l.before = three_of(name, "padding", before, l.axes, 0, 0);
  const Index<3> after = three_of(name, "padding", behind, l.axes, 0, 0);
  for (std::size_t axis = 0; axis < 3; ++axis) {
    require_outside(l, axis, l.before[axis], after[axis]);
    const std::int64_t padded = l.spatial[axis] + l.before[axis] + after[axis];
    const std::int64_t covered = l.dilation[axis] * (l.kernel[axis] - 1) + 1;
    if (l.kernel[axis] < 1 || padded < covered) {
      throw ShapeError(fmt::format("[manual::{}] a kernel that covers {} elements of {}, expected 1 up to as many",
                                   name, covered, padded));
    }
    l.results[axis] = (padded - covered) / l.stride[axis] + 1;
  }
}

Layout layout_of(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& dy,
                 const ConvolutionOptions& options) {
  require_floating(name, "x", x);
  require_floating(name, "weight", weight);
  if (weight.rank() < 3 || weight.rank() > 5) {
    refuse_shape(name, "weight", weight, "(out, C / groups, *kernel) with one to three axes of a kernel");
  }
  Layout l;
  l.axes = weight.rank() - 2;
  l.has_batch = x.rank() == l.axes + 2;
  if (!l.has_batch && x.rank() != l.axes + 1) {
    refuse_shape(name, "x", x, fmt::format("(N, C, *spatial) with {} spatial axes", l.axes));
  }
  const std::size_t channel_axis = l.has_batch ? 1 : 0;
  l.samples = l.has_batch ? x.shape()[0] : 1;
  l.in = x.shape()[channel_axis];
  l.out = weight.shape()[0];
  l.groups = options.groups;
  l.outside = options.outside;
  require_option(name, "groups", static_cast<double>(l.groups), l.groups >= 1, "1 or more");
  if (l.in % l.groups != 0 || l.out % l.groups != 0 || weight.shape()[1] != l.in / l.groups) {
    refuse_shape(name, "weight", weight,
                 fmt::format("(out, C / groups, *kernel) of {} channels in {} groups", l.in, l.groups));
  }
  l.spatial = three_of(x.shape(), l.axes);
  l.kernel = three_of(weight.shape(), l.axes);
  set_spatial(l, options);
  require(name, "weight", weight, x.dtype(), weight.shape());
  require_if_defined(name, "bias", bias, x.dtype(), Shape{l.out});
  require(name, "dy", dy, x.dtype(), l.shape_of_y());
  return l;
}

}  // namespace

Convolution convolution(const Tensor& x_given, const Tensor& weight, const Tensor& bias, const Tensor& dy_given,
                        const ConvolutionOptions& options) {
  const Layout l = layout_of(x_given, weight, bias, dy_given, options);
  const Array<5> x = read(x_given, l.of_x());
  const Array<5> w = read(weight, l.of_w());
  const Array<1> b = read(bias, Index<1>{l.out});
  const Array<5> dy = read(dy_given, l.of_y());

  Array<5> y{l.of_y()};
  Array<1> db{{l.out}};
  for_each_index(l.of_y(), [&](const Index<5>& at) {
    y[at] = b(at[1]);
    db(at[1]) += dy[at];
  });
  Array<5> dx{l.of_x()};
  Array<5> dw{l.of_w()};
  for_each_term(l, [&](const Index<5>& at_y, const Index<5>& at_w, const Index<5>& at_x) {
    y[at_y] += w[at_w] * x[at_x];
    dx[at_x] += dy[at_y] * w[at_w];
    dw[at_w] += dy[at_y] * x[at_x];
  });
  return {write(y, dy_given.shape(), dy_given.dtype()), write_like(dx, x_given), write_like(dw, weight),
          write_like(db, bias)};
}

}  // namespace xgrad::check::manual
