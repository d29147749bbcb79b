// Max pooling by hand beside nn::MaxPool1d to 3d, three ways.
#include <doctest/doctest.h>
#include <limits>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/manual_layer.hpp"
#include "support/message_of.hpp"

namespace xg = xgrad;
using xg::float32;
using xg::float64;
using xg::Shape;
using xg::Tensor;
namespace manual = xg::check::manual;
using namespace xgrad::test;

namespace {

struct Case {
  const char* name;
  Shape x;
  xg::PoolOptions options;
  manual::MaxPoolOptions by_hand;
};

std::vector<Case> cases() {
  return {
      {"one axis", {3, 2, 8}, {.kernel = {2}}, {.kernel = {2}}},
      {"overlapping windows", {2, 2, 7}, {.kernel = {3}, .stride = {1}}, {.kernel = {3}, .stride = {1}}},
      {"two axes, unequal all over",
       {2, 3, 7, 6},
       {.kernel = {3, 2}, .stride = {2, 1}, .padding = {1, 1}, .dilation = {2, 1}},
       {.kernel = {3, 2}, .stride = {2, 1}, .padding = {1, 1}, .dilation = {2, 1}}},
      {"a last window that isn't whole",
       {2, 2, 6, 5},
       {.kernel = {3, 2}, .stride = {2, 2}, .padding = {1, 0}, .ceil_mode = true},
       {.kernel = {3, 2}, .stride = {2, 2}, .padding = {1, 0}, .ceil_mode = true}},
      {"a last window that would begin behind all",
       {1, 5},
       {.kernel = {2}, .stride = {3}, .padding = {1}, .ceil_mode = true},
       {.kernel = {2}, .stride = {3}, .padding = {1}, .ceil_mode = true}},
      {"three axes",
       {2, 2, 4, 3, 4},
       {.kernel = {2, 3, 2}, .stride = {1, 1, 2}, .padding = {0, 1, 1}},
       {.kernel = {2, 3, 2}, .stride = {1, 1, 2}, .padding = {0, 1, 1}}},
      {"spatial axes alone", {5, 4}, {.kernel = {2, 2}}, {.kernel = {2, 2}}},
      {"windows of one element", {1, 2, 3}, {.kernel = {1}}, {.kernel = {1}}},
      {"one window of all", {3, 1, 4, 4}, {.kernel = {4, 4}}, {.kernel = {4, 4}}},
      {"gaps between windows", {2, 9}, {.kernel = {2}, .stride = {4}}, {.kernel = {2}, .stride = {4}}},
  };
}

ManualLayer layer_of(const Case& c, const Tensor& x) {
  return {[c](const std::vector<Tensor>& in) {
            switch (c.options.kernel.size()) {
              case 1:
                return xg::nn::MaxPool1d{c.options}(in[0]);
              case 2:
                return xg::nn::MaxPool2d{c.options}(in[0]);
              default:
                return xg::nn::MaxPool3d{c.options}(in[0]);
            }
          },
          {{"x", x}},
          {},
          [c](const std::vector<Tensor>& in, const Tensor& dy) {
            const auto hand = manual::max_pool(in[0], dy, c.by_hand);
            return ByHand{hand.y, {hand.dx}};
          }};
}

}  // namespace

TEST_CASE("manual max_pool: equal to nn::MaxPool and to differences, over one to three axes and all options") {
  for (const Case& c : cases()) {
    for (const xg::DType dtype : {float64, float32}) {
      CAPTURE(c.name);
      CAPTURE(dtype);
      xg::Random random{3};
      // Apart from each other by more than a step, so that no kink is near.
      const Tensor order = xg::argsort(random.normal({c.x.size()}, 0, 1, float64), 0);
      const Tensor x = xg::reshape(xg::cast(order, dtype) * 0.75 - 9.0, c.x).eval();
      check_three_ways(layer_of(c, x));
    }
  }
}

TEST_CASE("manual max_pool: a wrong gradient is found") {
  const Case c = cases()[0];
  const Tensor order = xg::argsort(xg::Random{4}.normal({c.x.size()}, 0, 1, float64), 0);
  check_every_mistake_is_found(layer_of(c, xg::reshape(xg::cast(order, float64), c.x).eval()));
}

TEST_CASE("manual max_pool: of equal elements the first has the gradient") {
  const Case c{"", {2, 4}, {.kernel = {2, 2}, .stride = {1, 1}}, {.kernel = {2, 2}, .stride = {1, 1}}};
  const Tensor x = xg::tensor({{1, 2, 2, 1}, {2, 2, 0, 1}}, float64);
  const Tensor dy = xg::tensor({{1, 10, 100}}, float64);
  const auto hand = manual::max_pool(x, dy, c.by_hand);
  CHECK(hand.y.to_vector<double>() == std::vector<double>{2, 2, 2});
  CHECK(hand.dx.to_vector<double>() == std::vector<double>{0, 11, 100, 0, 0, 0, 0, 0});
  check_manual_is_automatic(layer_of(c, x), {"x"});
  // Of an element in several windows whose others are equal, too, one-sided differences say nothing.
  const ManualLayer level = layer_of(c, xg::zeros({2, 4}, float32));
  check_output(level);
  CHECK(compared(level).parameters[0].manual_automatic.absolute == 0);
}

TEST_CASE("manual max_pool: NaN is largest, and gets NaN; −∞ may be the largest") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  const Tensor x = xg::from_vector(std::vector<double>{1, nan, 3, -infinity, -infinity, 2, nan, nan}, {8});
  const auto hand = manual::max_pool(x, xg::ones({4}, float64), {.kernel = {2}});
  const std::vector<double> y = hand.y.to_vector<double>();
  CHECK(std::isnan(y[0]));
  CHECK(y[1] == 3);
  CHECK(y[2] == 2);
  const std::vector<double> dx = hand.dx.to_vector<double>();
  CHECK(std::isnan(dx[1]));
  CHECK(std::isnan(dx[6]));
  CHECK(dx[7] == 0);
  CHECK(dx[0] == 0);
  const auto lowest = manual::max_pool(xg::full({2}, -infinity, float64), xg::ones({1}, float64), {.kernel = {2}});
  CHECK(lowest.y.item() == -infinity);
  CHECK(lowest.dx.to_vector<double>() == std::vector<double>{1, 0});
}

TEST_CASE("manual max_pool: what doesn't fit is named") {
  const auto message = [](const Shape& x, const manual::MaxPoolOptions& options) {
    return message_of<xg::Error>([&] {
      return manual::max_pool(xg::zeros(x, float64), xg::zeros({1, 2}, float64), options);
    });
  };
  CHECK(contains(message({1, 5}, {.kernel = {6}}), "[manual::max_pool] a window that covers 6 elements of 5"));
  CHECK(contains(message({1, 5}, {.kernel = {2}, .padding = {2}}), "padding 2, expected half of the kernel at most"));
  CHECK(contains(message({1, 5}, {.kernel = {}}), "number of spatial axes 0, expected 1 to 3"));
  CHECK(contains(message({5}, {.kernel = {2, 2}}), "x has shape (5,), expected 2 spatial axes or more"));
  CHECK(contains(message({1, 6}, {.kernel = {2}}), "dy has shape (1, 2), expected (1, 3)"));
  // Padding, a gap, and padding again.
  const manual::MaxPoolOptions apart{.kernel = {2}, .padding = {1}, .dilation = {4}};
  CHECK(contains(message_of<xg::ShapeError>([&] {
                   return manual::max_pool(xg::zeros({1, 3}), xg::zeros({1, 1}), apart);
                 }),
                 "a window that has padding alone"));
}
