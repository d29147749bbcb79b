#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "xgrad/convolution.hpp"

#include "support/values.hpp"

/// A convolution by its definition: every product of an element, a weight and an output that belong together, one after
/// the other.
namespace xgrad::test {

struct PlainConvolution {
  std::vector<std::int64_t> stride;
  std::vector<std::pair<std::int64_t, std::int64_t>> padding;
  std::vector<std::int64_t> dilation;
  std::int64_t groups = 1;

  [[nodiscard]] ConvOptions options() const {
    return {.stride = stride, .padding = padding, .dilation = dilation, .groups = groups};
  }

  [[nodiscard]] Shape output(const Shape& x, const Shape& w) const {
    std::vector<std::int64_t> lengths{x[0], w[0]};
    for (std::size_t a = 0; a < stride.size(); ++a) {
      std::int64_t count = 0;
      const std::int64_t padded = padding[a].first + x[a + 2] + padding[a].second;
      while (count * stride[a] + (w[a + 2] - 1) * dilation[a] < padded) {
        ++count;
      }
      lengths.push_back(count);
    }
    return Shape{lengths};
  }

  /// visit(position in x, in w, in y).
  void for_each_product(const Shape& x, const Shape& w,
                        const std::function<void(const Position&, const Position&, const Position&)>& visit) const {
    const Shape y = output(x, w);
    for_each_position(y, [&](const Position& out) {
      for_each_position(w.with(0, 1), [&](const Position& tap) {
        const std::int64_t group = out[1] / (w[0] / groups);
        Position in{out[0], group * w[1] + tap[1]};
        Position weight = tap;
        weight[0] = out[1];
        for (std::size_t a = 0; a < stride.size(); ++a) {
          in.push_back(out[a + 2] * stride[a] - padding[a].first + tap[a + 2] * dilation[a]);
          if (in.back() < 0 || in.back() >= x[a + 2]) {
            return;
          }
        }
        visit(in, weight, out);
      });
    });
  }

  [[nodiscard]] Values forward(const Values& x, const Values& w) const {
    Values y = build(output(x.shape, w.shape), [](const Position&) { return 0.0; });
    for_each_product(x.shape, w.shape,
                     [&](const auto& in, const auto& tap, const auto& out) { y(out) += x(in) * w(tap); });
    return y;
  }
  [[nodiscard]] Values input(const Values& g, const Values& w, const Shape& shape) const {
    Values x = build(shape, [](const Position&) { return 0.0; });
    for_each_product(shape, w.shape,
                     [&](const auto& in, const auto& tap, const auto& out) { x(in) += g(out) * w(tap); });
    return x;
  }
  [[nodiscard]] Values weight(const Values& x, const Values& g, const Shape& shape) const {
    Values w = build(shape, [](const Position&) { return 0.0; });
    for_each_product(x.shape, shape,
                     [&](const auto& in, const auto& tap, const auto& out) { w(tap) += x(in) * g(out); });
    return w;
  }
};

}  // namespace xgrad::test
