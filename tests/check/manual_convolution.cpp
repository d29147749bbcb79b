// Convolution by hand beside nn::Conv, three ways.
#include <cstddef>
#include <doctest/doctest.h>
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
  Shape weight;
  xg::ConvOptions options;
  manual::ConvolutionOptions by_hand;
  bool use_bias = true;
};

std::vector<Case> cases() {
  using Mode = xg::PaddingMode;
  using manual::Outside;
  return {
      {"one axis", {3, 2, 7}, {4, 2, 3}, {}, {}},
      {"one axis, stride, padding, dilation",
       {2, 2, 9},
       {3, 2, 3},
       {.stride = 2, .padding = 2, .dilation = 2},
       {.stride = {2}, .padding = {{2, 2}}, .dilation = {2}}},
      {"two axes, unequal all over",
       {3, 4, 6, 5},
       {6, 2, 3, 2},
       {.stride = {2, 1}, .padding = {{1, 2}, {0, 1}}, .dilation = {1, 2}, .groups = 2},
       {.stride = {2, 1}, .padding = {{1, 2}, {0, 1}}, .dilation = {1, 2}, .groups = 2}},
      {"depthwise, without bias",
       {2, 3, 4, 4},
       {6, 1, 2, 2},
       {.padding = 1, .groups = 3},
       {.padding = {{1, 1}}, .groups = 3},
       false},
      {"three axes",
       {2, 2, 3, 4, 3},
       {3, 2, 2, 3, 2},
       {.stride = {1, 2, 1}, .padding = {1, 1, 0}},
       {.stride = {1, 2, 1}, .padding = {{1, 1}, {1, 1}, {0, 0}}}},
      {"one sample without a batch", {2, 5, 4}, {3, 2, 2, 3}, {}, {}},
      {"a batch of one, a kernel of one", {1, 3, 4, 4}, {2, 3, 1, 1}, {.stride = 2}, {.stride = {2}}},
      {"padding larger than the input", {2, 1, 2, 2}, {2, 1, 3, 3}, {.padding = 4}, {.padding = {{4, 4}}}},
      {"a stride that leaves elements out", {2, 2, 8}, {2, 2, 2}, {.stride = 5}, {.stride = {5}}},
      {"a result of one element", {3, 2, 4, 3}, {2, 2, 4, 3}, {}, {}},
      {"reflected",
       {2, 2, 5, 4},
       {3, 2, 3, 3},
       {.padding = {{2, 1}, {1, 3}}, .mode = Mode::reflect},
       {.padding = {{2, 1}, {1, 3}}, .outside = Outside::reflect}},
      {"replicated",
       {2, 2, 4},
       {3, 2, 3},
       {.padding = 5, .mode = Mode::replicate},
       {.padding = {{5, 5}}, .outside = Outside::replicate}},
      {"circular",
       {2, 2, 4, 3},
       {3, 2, 3, 2},
       {.padding = {{1, 2}, {3, 0}}, .mode = Mode::circular},
       {.padding = {{1, 2}, {3, 0}}, .outside = Outside::circular}},
  };
}

template <std::size_t Axes>
ManualLayer layer_with(const Case& c, xg::DType dtype) {
  xg::Random random{5};
  const Tensor weight = random.normal(c.weight, 0, 1, dtype);
  const Tensor bias = c.use_bias ? random.normal({c.weight[0]}, 0, 1, dtype) : Tensor{};
  const xg::nn::Conv<Axes> layer{weight, bias, c.options};
  std::vector<xg::NamedParameter> parameters{{"weight", layer.weight}};
  if (c.use_bias) {
    parameters.push_back({"bias", layer.bias});
  }
  return {[layer](const std::vector<Tensor>& in) { return layer(in[0]); },
          {{"x", random.normal(c.x, 0, 1, dtype).eval()}},
          parameters,
          [layer, c](const std::vector<Tensor>& in, const Tensor& dy) {
            const Tensor b = c.use_bias ? layer.bias.value() : Tensor{};
            const auto hand = manual::convolution(in[0], layer.weight, b, dy, c.by_hand);
            return c.use_bias ? ByHand{hand.y, {hand.dx, hand.dweight, hand.dbias}}
                              : ByHand{hand.y, {hand.dx, hand.dweight}};
          }};
}

ManualLayer layer_of(const Case& c, xg::DType dtype) {
  switch (c.weight.rank()) {
    case 3:
      return layer_with<1>(c, dtype);
    case 4:
      return layer_with<2>(c, dtype);
    default:
      return layer_with<3>(c, dtype);
  }
}

}  // namespace

TEST_CASE("manual convolution: equal to nn::Conv and to differences, over one to three axes and all options") {
  for (const Case& c : cases()) {
    for (const xg::DType dtype : {float64, float32}) {
      CAPTURE(c.name);
      CAPTURE(dtype);
      check_three_ways(layer_of(c, dtype));
    }
  }
}

TEST_CASE("manual convolution: each wrong gradient is found, and no other") {
  check_every_mistake_is_found(layer_of(cases()[2], float64));
}

TEST_CASE("manual convolution: no samples") {
  const Tensor x = xg::zeros({0, 2, 5}, float64);
  const Tensor weight = xg::ones({3, 2, 2}, float64);
  const auto hand = manual::convolution(x, weight, {}, xg::zeros({0, 3, 4}, float64));
  CHECK(hand.y.shape() == Shape{0, 3, 4});
  CHECK(hand.dx.shape() == x.shape());
  CHECK(hand.dweight.to_vector<double>() == std::vector<double>(12, 0.0));
  CHECK_FALSE(hand.dbias.defined());
}

TEST_CASE("manual convolution: what doesn't fit is named") {
  const Tensor x = xg::zeros({2, 4, 5}, float64);
  const Tensor w = xg::zeros({6, 2, 3}, float64);
  const auto message = [&](const Tensor& weight, const Tensor& dy, const manual::ConvolutionOptions& options) {
    return message_of<xg::Error>([&] { return manual::convolution(x, weight, {}, dy, options); });
  };
  const Tensor dy = xg::zeros({2, 6, 3}, float64);
  CHECK(contains(message(w, dy, {}), "[manual::convolution] weight has shape (6, 2, 3), expected (out, C / groups, "));
  CHECK(
      contains(message(w, xg::zeros({2, 6, 4}, float64), {.groups = 2}), "dy has shape (2, 6, 4), expected (2, 6, 3)"));
  CHECK(contains(message(w, dy, {.stride = {0}, .groups = 2}), "stride 0, expected 1 or more"));
  CHECK(contains(message(w, dy, {.stride = {1, 2}, .groups = 2}), "2 numbers for the stride, expected 1 or 1"));
  CHECK(contains(message(w, dy, {.dilation = {3}, .groups = 2}), "a kernel that covers 7 elements of 5"));
  CHECK(contains(message(xg::zeros({6, 2, 3}, float32), dy, {.groups = 2}), "weight is float32, expected float64"));
  CHECK(contains(message({}, dy, {}), "weight is undefined"));
  CHECK(contains(message(w, dy, {.groups = 0}), "groups 0, expected 1 or more"));
  CHECK(contains(message(w, dy, {.padding = {{5, 0}}, .groups = 2, .outside = manual::Outside::reflect}),
                 "padding of 5 from an axis of 5 elements"));
}
