// Layers without parameters that change axes, beside the functions and plain loops.
#include <doctest/doctest.h>
#include <sstream>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"

namespace xg = xgrad;
namespace nn = xgrad::nn;

namespace {

xg::Tensor images() {
  return xg::reshape(xg::arange(2 * 4 * 6 * 6), {2, 4, 6, 6}).eval();
}

xg::Tensor as_float(const xg::Tensor& x) {
  return xg::cast(x, xg::float32);
}

bool same(const xg::Tensor& a, const xg::Tensor& b) {
  if (a.shape() != b.shape()) {
    return false;
  }
  const auto x = a.data<float>();
  const auto y = b.data<float>();
  return std::equal(x.begin(), x.end(), y.begin(), y.end());
}

}  // namespace

TEST_CASE("pooling layers: one number stands for all axes, and their values are the functions'") {
  const xg::Tensor x = as_float(images());
  CHECK(same(nn::MaxPool2d{2}(x), xg::max_pool(x, {.kernel = {2, 2}})));
  CHECK(same(nn::MaxPool2d{{.kernel = {3}, .stride = {2}, .padding = {1}}}(x),
             xg::max_pool(x, {.kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}})));
  CHECK(same(nn::MaxPool2d{{.kernel = {3, 2}}}(x), xg::max_pool(x, {.kernel = {3, 2}})));
  CHECK(same(nn::MaxPool1d{3}(x), xg::max_pool(x, {.kernel = {3}})));
  CHECK(same(nn::MaxPool3d{2}(x), xg::max_pool(x, {.kernel = {2, 2, 2}})));
  CHECK(same(nn::AvgPool1d{2}(x), xg::avg_pool(x, {.kernel = {2}})));
  CHECK(same(nn::AvgPool2d{{.kernel = {3}, .padding = {1}, .count_include_pad = false}}(x),
             xg::avg_pool(x, {.kernel = {3, 3}, .padding = {1, 1}, .count_include_pad = false})));
  CHECK(same(nn::AvgPool3d{2}(x), xg::avg_pool(x, {.kernel = {2, 2, 2}})));
  CHECK(same(nn::LpPool1d{2, 3}(x), xg::lp_pool(x, 2, {.kernel = {3}})));
  CHECK(same(nn::LpPool2d{3, {.kernel = {5}, .stride = {2}, .ceil_mode = true}}(x),
             xg::lp_pool(x, 3, {.kernel = {5, 5}, .stride = {2, 2}, .ceil_mode = true})));
  CHECK(same(nn::LpPool3d{1, 2}(x), xg::lp_pool(x, 1, {.kernel = {2, 2, 2}})));
  CHECK(same(nn::AdaptiveMaxPool1d{4}(x), xg::adaptive_max_pool(x, {4})));
  CHECK(same(nn::AdaptiveMaxPool2d{4}(x), xg::adaptive_max_pool(x, {4, 4})));
  CHECK(same(nn::AdaptiveMaxPool3d{{2, 3, 4}}(x), xg::adaptive_max_pool(x, {2, 3, 4})));
  CHECK(same(nn::AdaptiveAvgPool1d{4}(x), xg::adaptive_avg_pool(x, {4})));
  CHECK(same(nn::AdaptiveAvgPool2d{{1, 5}}(x), xg::adaptive_avg_pool(x, {1, 5})));
  CHECK(same(nn::AdaptiveAvgPool3d{2}(x), xg::adaptive_avg_pool(x, {2, 2, 2})));
  CHECK(same(nn::GlobalAvgPool{}(x), xg::mean(x, {2, 3})));
  CHECK(same(nn::GlobalMaxPool{.spatial = 1, .keep_dims = true}(x), xg::max(x, 3, true)));
}

TEST_CASE("Flatten, padding, resampling: values by hand") {
  const xg::Tensor x = as_float(images());
  CHECK(nn::Flatten{}(x).shape() == xg::Shape{2, 144});
  CHECK(nn::Flatten{.start = 0}(x).shape() == xg::Shape{288});
  CHECK(nn::Flatten{.start = 1, .end = 2}(x).shape() == xg::Shape{2, 24, 6});
  CHECK(nn::Flatten{}(xg::zeros({0, 3, 2})).shape() == xg::Shape{0, 6});
  CHECK(same(nn::Flatten{}(x), xg::reshape(x, {2, 144})));
  const xg::Tensor row = xg::tensor({{1, 2}}, xg::float32);
  CHECK(same(nn::ZeroPad{{{1, 0}, {0, 2}}}(row), xg::tensor({{0, 0, 0, 0}, {1, 2, 0, 0}}, xg::float32)));
  CHECK(same(nn::ConstantPad{{{1, 1}}, 7}(row), xg::tensor({{7, 1, 2, 7}}, xg::float32)));
  const xg::Tensor three = xg::tensor({{1, 2, 3}}, xg::float32);
  CHECK(same(nn::ReflectionPad{{{2, 1}}}(three), xg::tensor({{3, 2, 1, 2, 3, 2}}, xg::float32)));
  CHECK(same(nn::ReplicationPad{{{1, 0}, {2, 1}}}(three),
             xg::tensor({{1, 1, 1, 2, 3, 3}, {1, 1, 1, 2, 3, 3}}, xg::float32)));
  CHECK(same(nn::CircularPad{{{2, 1}}}(three), xg::tensor({{2, 3, 1, 2, 3, 1}}, xg::float32)));
  CHECK(same(nn::Upsample{{.scale = {2}}}(row), xg::tensor({{1, 1, 2, 2}}, xg::float32)));
  CHECK(same(nn::Upsample{{.size = {3}, .mode = xg::Interpolation::linear, .align_corners = true}}(row),
             xg::tensor({{1, 1.5, 2}}, xg::float32)));
  CHECK(nn::PixelShuffle{2}(x).shape() == xg::Shape{2, 1, 12, 12});
  CHECK(same(nn::PixelUnshuffle{2}(nn::PixelShuffle{2}(x)), x));
}

TEST_CASE("pooling layers: in a Sequential, cloned, in inference, without parameters and states") {
  xg::Random random{1};
  const nn::Sequential model{nn::MaxPool2d{2},
                             nn::AvgPool2d{{.kernel = {2}, .stride = {1}}},
                             nn::LpPool2d{2, {.kernel = {1}}},
                             nn::AdaptiveMaxPool2d{3},
                             nn::AdaptiveAvgPool2d{2},
                             nn::ZeroPad{{{1, 1}, {1, 1}}},
                             nn::ReflectionPad{{{1, 1}}},
                             nn::ReplicationPad{{{0, 1}, {0, 0}}},
                             nn::CircularPad{{{1, 0}}},
                             nn::ConstantPad{{{0, 1}}, 2},
                             nn::Upsample{{.scale = {2, 2}}},
                             nn::PixelShuffle{2},
                             nn::PixelUnshuffle{2},
                             nn::GlobalAvgPool{.keep_dims = true},
                             nn::GlobalMaxPool{.spatial = 1, .keep_dims = true},
                             nn::Flatten{},
                             nn::Dense{4, 2, random}};
  const xg::Tensor x = as_float(images());
  CHECK(nn::parameters(model).size() == 2);
  CHECK(nn::states(model).empty());
  CHECK(model.layers()[0].type() == "MaxPool2d");
  CHECK(same(nn::clone(model)(x), model(x)));
  CHECK(same(nn::inference(model)(x), model(x)));
  nn::MaxPool2d pool{2};
  CHECK(nn::parameters(pool).empty());
  CHECK(nn::clone(pool).options.kernel == std::vector<std::int64_t>{2, 2});
}

TEST_CASE("pooling layers: each call is a scope of its own, in its backward pass, too") {
  const xg::Tensor x = xg::variable(as_float(images()));
  const xg::Tensor loss = xg::sum(nn::Sequential{nn::MaxPool2d{2}, nn::Flatten{}}(x));
  const std::string text = xg::describe(xg::gradients(loss, {x})[0], xg::View::layers);
  CHECK(contains(text, "MaxPool2d"));
  CHECK(contains(text, "Flatten"));
}

TEST_CASE("pooling layers: the gradient of a network with them is right by differences, and the same when compiled") {
  xg::Random random{3};
  const nn::Sequential model{nn::Dense{6, 8, random, {.dtype = xg::float64}}, nn::MaxPool1d{2},
                             nn::AvgPool1d{{.kernel = {3}, .stride = {1}}},
                             nn::Dense{2, 1, random, {.dtype = xg::float64}}};
  const xg::Tensor x = random.normal({5, 6}, 0, 1, xg::float64).eval();
  const auto loss = [&] { return xg::mean(xg::square(model(x))); };
  const xg::check::LossFunction function{loss};
  CHECK(std::string{xg::check::to_string(xg::check::compare(function, model.parameters()).verdict())} == "right");
  const xg::Parameter W = model.parameters()[0].parameter;
  auto compiled = xg::compile([&] { return xg::gradients(loss(), {W})[0]; });
  CHECK(xg::max(xg::abs(compiled() - xg::gradients(loss(), {W})[0])).item() < 1e-15);
}

TEST_CASE("pooling layers: options that never fit are errors when the layer is made, and name it") {
  const auto text = [](auto make) { return message_of<xg::ValueError>(make); };
  CHECK(contains(text([] { return nn::MaxPool2d{0}; }), "[MaxPool2d] found a kernel of (0)"));
  CHECK(contains(text([] { return nn::MaxPool2d{{.kernel = {2, 2, 2}}}; }), "[MaxPool2d]"));
  CHECK(contains(text([] { return nn::MaxPool1d{{.kernel = {}}}; }), "[MaxPool1d]"));
  CHECK(contains(text([] { return nn::MaxPool3d{{.kernel = {2}, .padding = {2}}}; }),
                 "[MaxPool3d] found a padding of (2, 2, 2)"));
  CHECK(contains(text([] { return nn::AvgPool1d{{.kernel = {2}, .stride = {0}}}; }),
                 "[AvgPool1d] found a stride of (0)"));
  CHECK(contains(text([] { return nn::LpPool1d{2, 0}; }), "[LpPool1d] found a kernel of (0)"));
  CHECK(contains(text([] { return nn::LpPool2d{0.5, 2}; }), "[LpPool2d] p is 0.5; expected 1 or more"));
  CHECK(contains(text([] { return nn::AdaptiveAvgPool2d{0}; }), "[AdaptiveAvgPool2d]"));
  CHECK(contains(text([] { return nn::AdaptiveMaxPool2d{{1, 2, 3}}; }), "[AdaptiveMaxPool2d]"));
}

TEST_CASE("pooling layers: what a call refuses") {
  CHECK(contains(message_of<xg::ValueError>([] { return nn::MaxPool2d{2}(xg::Tensor{}); }), "[MaxPool2d]"));
  CHECK_THROWS_AS(static_cast<void>(nn::MaxPool2d{2}(xg::ones({4}))), xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(nn::Flatten{}(xg::ones({4}))), xg::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(nn::Flatten{.start = 2, .end = 1}(xg::ones({4, 4, 4}))), xg::ShapeError);
  CHECK(contains(message_of<xg::ShapeError>([] {
                   return nn::ZeroPad{{{1, 1}, {1, 1}}}(xg::ones({4}));
                 }),
                 "[ZeroPad] found 2 pairs of widths for (4,)"));
  CHECK_THROWS_AS(static_cast<void>(nn::ZeroPad{{{-1, 0}}}(xg::ones({4}))), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(nn::CircularPad{{{-1, 0}}}(xg::ones({4}))), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(nn::ReflectionPad{{{4, 0}}}(xg::ones({4}))), xg::ShapeError);
  CHECK(contains(message_of<xg::ShapeError>([] {
                   return nn::ReplicationPad{{{1, 1}, {1, 1}}}(xg::ones({4}));
                 }),
                 "[ReplicationPad] found 2 pairs of widths for (4,)"));
  CHECK_THROWS_AS(static_cast<void>(nn::GlobalAvgPool{.spatial = 4}(xg::ones({1, 1, 1, 1}))), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(nn::PixelShuffle{0}(xg::ones({4, 1, 1}))), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(nn::Upsample{}(xg::ones({4}))), xg::ValueError);
}
