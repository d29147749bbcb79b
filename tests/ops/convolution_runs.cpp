// Convolutions that keep the length of rows, whose columns are copied many rows at once: against windows and a product.
#include <doctest/doctest.h>
#include <vector>

#include "xgrad/xgrad.hpp"

namespace xg = xgrad;
using xg::Tensor;

namespace {

using Lengths = std::vector<std::int64_t>;

struct Case {
  Lengths in;
  std::int64_t inputs;
  std::int64_t outputs;
  Lengths kernel;
  Lengths padding;
  Lengths dilation;
};

Lengths joined(Lengths first, const Lengths& last) {
  first.insert(first.end(), last.begin(), last.end());
  return first;
}

xg::ConvOptions options_of(const Case& c) {
  const Lengths& p = c.padding;
  const Lengths& d = c.dilation;
  switch (c.in.size()) {
    case 1:
      return {.padding = p[0], .dilation = d[0]};
    case 2:
      return {.padding = {p[0], p[1]}, .dilation = {d[0], d[1]}};
    default:
      return {.padding = {p[0], p[1], p[2]}, .dilation = {d[0], d[1], d[2]}};
  }
}

// x (2, inputs, *in) ⋆ w, of `shape`.
Tensor by_windows(const Case& c, const Tensor& x, const Tensor& w, const xg::Shape& shape) {
  const Tensor windows = xg::windows(x, {.kernel = c.kernel, .padding = c.padding, .dilation = c.dilation});
  const auto axes = static_cast<std::int64_t>(c.in.size());
  Lengths order{0};
  for (std::int64_t i = 0; i < axes; ++i) {
    order.push_back(2 + i);
  }
  order.push_back(1);
  for (std::int64_t i = 0; i < axes; ++i) {
    order.push_back(2 + axes + i);
  }
  const std::int64_t terms = w.size() / c.outputs;
  const Tensor rows = xg::reshape(xg::permute(windows, order), {2, shape.size() / (2 * c.outputs), terms});
  const Tensor products = xg::matmul(rows, xg::transpose(xg::reshape(w, {c.outputs, terms})));
  return xg::reshape(xg::permute(products, {0, 2, 1}), shape);
}

const std::vector<Case> cases{{{7, 9}, 3, 5, {3, 3}, {1, 1}, {1, 1}},
                              {{8, 8}, 2, 17, {5, 3}, {2, 1}, {1, 1}},
                              {{6, 5}, 9, 4, {3, 5}, {0, 2}, {1, 1}},
                              {{9, 4}, 3, 8, {3, 3}, {2, 2}, {2, 2}},
                              {{5, 3}, 2, 6, {3, 7}, {1, 3}, {1, 1}},
                              {{3, 2}, 2, 5, {3, 9}, {1, 4}, {1, 1}},
                              {{70, 50}, 8, 9, {3, 3}, {3, 1}, {1, 1}},
                              {{64, 64}, 16, 40, {3, 3}, {1, 1}, {1, 1}},
                              {{4, 6, 5}, 2, 7, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}},
                              {{4, 6, 5}, 4, 3, {2, 3, 3}, {1, 0, 1}, {1, 1, 1}},
                              {{40}, 3, 9, {5}, {2}, {1}}};

}  // namespace

TEST_CASE("conv: that keeps the length of rows has the values and gradients of windows times w") {
  xg::Random random{1};
  const auto normal = [&](const xg::Shape& shape) { return random.normal(shape, 0, 1, xg::float64).eval(); };
  for (const Case& c : cases) {
    const Tensor x = xg::variable(normal(xg::Shape{joined({2, c.inputs}, c.in)}));
    const Tensor w = xg::variable(normal(xg::Shape{joined({c.outputs, c.inputs}, c.kernel)}));
    CAPTURE(x.shape());
    CAPTURE(w.shape());
    const Tensor y = xg::conv(x, w, options_of(c));
    const Tensor expected = by_windows(c, x, w, y.shape());
    const Tensor g = normal(y.shape());
    const auto found = xg::gradients(y, {x, w}, {.cotangent = g});
    const auto right = xg::gradients(expected, {x, w}, {.cotangent = g});
    CHECK(xg::max(xg::abs(y - expected)).item() < 1e-11);
    CHECK(xg::max(xg::abs(found[0] - right[0])).item() < 1e-11);
    CHECK(xg::max(xg::abs(found[1] - right[1])).item() < 1e-10);
  }
}
