#include <cmath>
#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "xgrad/xgrad.hpp"

#include "support/message_of.hpp"

namespace xg = xgrad;
using xg::float64;
using xg::Shape;
using xg::Tensor;

namespace {

constexpr double tolerance = 1e-12;

bool close(const Tensor& found, const Tensor& expected) {
  return found.shape() == expected.shape() &&
         (found.size() == 0 || xg::max(xg::abs(found - expected)).item() <= tolerance);
}

// b per channel, added by hand.
Tensor biased(const Tensor& z, const std::vector<double>& b) {
  std::vector<Tensor> channels;
  for (std::size_t c = 0; c < b.size(); ++c) {
    const auto at = static_cast<std::int64_t>(c);
    channels.push_back(xg::slice(z, {at, at + 1}, 1) + b[c]);
  }
  return xg::concatenate(channels, 1);
}

}  // namespace

TEST_CASE("Conv1d, Conv2d, Conv3d: shapes of parameters and results are PyTorch's") {
  xg::Random random{1};
  const xg::nn::Conv1d row{4, 6, 3, random, {.groups = 2}};
  CHECK(row.weight.shape() == Shape{6, 2, 3});
  CHECK(row.bias.shape() == Shape{6});
  CHECK(row(xg::ones({5, 4, 10})).shape() == Shape{5, 6, 8});
  const xg::nn::Conv2d image{3, 8, {5, 3}, random, {.stride = {2, 1}, .padding = {2, 1}}};
  CHECK(image.weight.shape() == Shape{8, 3, 5, 3});
  CHECK(image(xg::ones({2, 3, 9, 7})).shape() == Shape{2, 8, 5, 7});
  CHECK(image(xg::ones({3, 9, 7})).shape() == Shape{8, 5, 7});
  CHECK(image(xg::ones({0, 3, 9, 7})).shape() == Shape{0, 8, 5, 7});
  const xg::nn::Conv3d volume{1, 2, 2, random, {.padding = xg::ConvPadding::same(), .use_bias = false}};
  CHECK(volume.weight.shape() == Shape{2, 1, 2, 2, 2});
  CHECK_FALSE(volume.bias.defined());
  CHECK(volume(xg::ones({1, 1, 4, 5, 3})).shape() == Shape{1, 2, 4, 5, 3});
}

TEST_CASE("ConvTranspose1d, 2d, 3d: shapes of parameters and results are PyTorch's") {
  xg::Random random{1};
  const xg::nn::ConvTranspose1d row{4, 6, 3, random, {.stride = 2, .groups = 2}};
  CHECK(row.weight.shape() == Shape{4, 3, 3});
  CHECK(row.bias.shape() == Shape{6});
  CHECK(row(xg::ones({5, 4, 10})).shape() == Shape{5, 6, 21});
  const xg::nn::ConvTranspose2d image{3, 8, 4, random, {.stride = 2, .padding = 1}};
  CHECK(image(xg::ones({2, 3, 9, 7})).shape() == Shape{2, 8, 18, 14});
  CHECK(image(xg::ones({3, 9, 7})).shape() == Shape{8, 18, 14});
  const xg::nn::ConvTranspose3d volume{2, 1, 3, random, {.stride = 2, .padding = 1, .output_padding = 1}};
  CHECK(volume(xg::ones({1, 2, 2, 3, 4})).shape() == Shape{1, 1, 4, 6, 8});
}

TEST_CASE("Conv2d: W ⋆ x + b with all options; a layer from values computes the same") {
  xg::Random random{2};
  const xg::nn::Conv2d layer{4,
                             2,
                             {3, 2},
                             random,
                             {.stride = {1, 2},
                              .padding = {{1, 0}, {2, 1}},
                              .dilation = {2, 1},
                              .groups = 2,
                              .mode = xg::PaddingMode::reflect,
                              .dtype = float64}};
  layer.bias.set(xg::tensor({0.5, -2.0}, float64));
  const Tensor x = random.normal({3, 4, 6, 7}, 0, 1, float64).eval();
  const Tensor around = xg::pad(x, {{0, 0}, {0, 0}, {1, 0}, {2, 1}}, xg::PaddingMode::reflect);
  const Tensor z = xg::conv(around, layer.weight, {.stride = {1, 2}, .dilation = {2, 1}, .groups = 2});
  CHECK(close(layer(x), biased(z, {0.5, -2.0})));
  const xg::nn::Conv2d same{layer.weight.value(), layer.bias.value(), layer.options};
  CHECK(close(same(x), layer(x)));
}

TEST_CASE("ConvTranspose2d: the adjoint of Conv2d with the same weight, and a bias") {
  xg::Random random{3};
  const xg::nn::ConvTranspose2d layer{4, 6, 3, random, {.stride = 2, .padding = 1, .groups = 2, .dtype = float64}};
  const Tensor x = random.normal({2, 4, 3, 5}, 0, 1, float64).eval();
  const Tensor y = random.normal({2, 6, 5, 9}, 0, 1, float64).eval();
  const Tensor forward = xg::conv(y, layer.weight, {.stride = 2, .padding = 1, .groups = 2});
  CHECK(std::abs((xg::sum(layer(x) * y) - xg::sum(forward * x)).item()) < 1e-11);
  layer.bias.set(xg::tensor({1.0, 2.0, 3.0, 4.0, 5.0, 6.0}, float64));
  const Tensor without = xg::conv_transpose(x, layer.weight, layer.options);
  CHECK(close(layer(x), biased(without, {1, 2, 3, 4, 5, 6})));
}

TEST_CASE("Conv2d: the first weights are Glorot's with the fans of a kernel, the bias is 0") {
  xg::Random random{4};
  for (const std::int64_t groups : {1, 4}) {
    const xg::nn::Conv2d layer{16, 32, {5, 3}, random, {.groups = groups, .dtype = float64}};
    // Inputs of a sum: channels of a group times 15 taps; results that an input is in: likewise.
    const double r = std::sqrt(6.0 / (15.0 * (16.0 + 32.0) / static_cast<double>(groups)));
    const double largest = xg::max(xg::abs(layer.weight)).item();
    CHECK(largest <= r);
    CHECK(largest > 0.98 * r);
    CHECK(xg::var(layer.weight).item() == doctest::Approx(r * r / 3).epsilon(0.1));
    CHECK(xg::max(xg::abs(layer.bias)).item() == 0);
  }
  const xg::nn::ConvTranspose1d transposed{16, 32, 5, random, {.groups = 2, .dtype = float64}};
  const double r = std::sqrt(6.0 / (5.0 * (8.0 + 16.0)));
  CHECK(xg::max(xg::abs(transposed.weight)).item() <= r);
  CHECK(xg::max(xg::abs(transposed.weight)).item() > 0.95 * r);
}

TEST_CASE("Conv2d: an initializer of one's own is given shape and dtype") {
  xg::Random random{5};
  const auto seven = [](const Shape& shape, xg::DType dtype, xg::Random&) { return xg::full(shape, 7, dtype); };
  const xg::nn::Conv2d layer{2, 3, 2, random, {.dtype = float64, .weight = seven, .bias = seven}};
  CHECK(close(layer.weight, xg::full({3, 2, 2, 2}, 7, float64)));
  CHECK(close(layer.bias, xg::full({3}, 7, float64)));
}

TEST_CASE("convolution layers: parameters by name, clones with cells of their own, tied cells stay tied") {
  xg::Random random{6};
  const xg::nn::Sequential net{xg::nn::Conv2d{1, 2, 3, random}, xg::nn::ReLU{},
                               xg::nn::ConvTranspose2d{2, 1, 3, random, {.use_bias = false}}};
  std::vector<std::string> names;
  for (const auto& [name, parameter] : xg::nn::parameters(net)) {
    names.push_back(name);
  }
  CHECK(names == std::vector<std::string>{"0.weight", "0.bias", "2.weight"});
  CHECK(xg::nn::states(net).empty());
  const Tensor x = random.normal({2, 1, 5, 5}).eval();
  const auto copy = xg::nn::clone(net);
  const Tensor before = net(x).eval();
  for (const auto& [name, parameter] : xg::nn::parameters(copy)) {
    parameter.set(xg::zeros(parameter.shape()));
  }
  CHECK(close(net(x), before));
  CHECK(xg::max(xg::abs(copy(x))).item() == 0);
  CHECK(close(xg::nn::inference(net)(x), before));

  struct Autoencoder {
    xg::nn::Conv2d encoder;
    xg::nn::ConvTranspose2d decoder;
  };
  const xg::nn::Conv2d encoder{1, 2, 3, random};
  const Autoencoder tied{encoder, xg::nn::ConvTranspose2d{encoder.weight, {}}};
  const Autoencoder own = xg::nn::clone(tied);
  own.encoder.weight.set(xg::zeros({2, 1, 3, 3}));
  CHECK(xg::max(xg::abs(own.decoder.weight)).item() == 0);
  CHECK(xg::max(xg::abs(tied.decoder.weight)).item() > 0);
}

TEST_CASE("convolution layers: the derived gradient agrees with differences, with every mode") {
  xg::Random random{7};
  for (const xg::PaddingMode mode :
       {xg::PaddingMode::zeros, xg::PaddingMode::reflect, xg::PaddingMode::replicate, xg::PaddingMode::circular}) {
    const xg::nn::Sequential net{
        xg::nn::Conv2d{2, 3, 3, random, {.padding = 1, .mode = mode, .dtype = float64}}, xg::nn::Tanh{},
        xg::nn::Conv2d{3, 3, {2, 1}, random, {.stride = 2, .groups = 3, .dtype = float64}}, xg::nn::Sigmoid{},
        xg::nn::ConvTranspose2d{3, 2, 2, random, {.stride = 2, .dtype = float64}}};
    const Tensor x = random.normal({2, 2, 5, 4}, 0, 1, float64).eval();
    const Tensor weights = random.normal(net(x).shape(), 0, 1, float64).eval();
    const auto report = xg::check::compare([&] { return xg::sum(net(x) * weights); }, xg::nn::parameters(net));
    CHECK(report.verdict() == xg::check::Verdict::right);
  }
}

TEST_CASE("convolution layers: a compiled step of training gives what node by node gives") {
  const auto trained = [](bool compiled) {
    xg::Random random{8};
    const xg::nn::Sequential net{xg::nn::Conv1d{1, 4, 3, random, {.padding = 1}}, xg::nn::ReLU{},
                                 xg::nn::Conv1d{4, 1, 5, random, {.padding = 2}}};
    const Tensor x = random.normal({8, 1, 20}).eval();
    const Tensor y = xg::cumsum(x, -1).eval();
    xg::optim::SGD sgd{xg::nn::parameters(net), {.learning_rate = 0.01}};
    const auto loss = [&](const Tensor& in, const Tensor& out) { return xg::mean(xg::square(net(in) - out)); };
    auto step = xg::compile([&](const Tensor& in, const Tensor& out) { return sgd.step(loss(in, out)); });
    double last = 0;
    for (int i = 0; i < 20; ++i) {
      last = (compiled ? step(x, y) : sgd.step(loss(x, y))).item();
    }
    return last;
  };
  CHECK(trained(true) == doctest::Approx(trained(false)).epsilon(1e-5));
}

TEST_CASE("convolution layers: compiled, every mode gives what node by node gives, for several sizes") {
  xg::Random random{10};
  for (const xg::PaddingMode mode :
       {xg::PaddingMode::zeros, xg::PaddingMode::reflect, xg::PaddingMode::replicate, xg::PaddingMode::circular}) {
    const xg::nn::Conv2d layer{2, 3, 3, random, {.stride = 2, .padding = 2, .mode = mode, .dtype = float64}};
    auto compiled = xg::compile([&](const Tensor& x) { return layer(x); });
    for (const std::int64_t size : {5, 8, 5}) {
      const Tensor x = random.normal({2, 2, size, size + 1}, 0, 1, float64).eval();
      CHECK(close(compiled(x), layer(x)));
    }
  }
}

TEST_CASE("convolution layers: what is wrong is an error when a layer is made, or called") {
  xg::Random random{9};
  const auto conv = [&random](std::int64_t in, std::int64_t out, const xg::ConvSizes& kernel,
                              const xg::nn::ConvLayerOptions& options) {
    return [=, &random] { return xg::nn::Conv2d{in, out, kernel, random, options}; };
  };
  CHECK(message_of<xg::ValueError>(conv(0, 2, 3, {})) == "[Conv2d] from 0 to 2 channels; expected positive numbers");
  CHECK(message_of<xg::ValueError>(conv(3, 2, 3, {.groups = 2})) ==
        "[Conv2d] from 3 to 2 channels in 2 groups; expected a number that divides both");
  CHECK(contains(message_of<xg::ValueError>(conv(2, 2, 0, {})), "[Conv2d] kernel 0"));
  CHECK(contains(message_of<xg::ShapeError>(conv(2, 2, {1, 2, 3}, {})), "3 numbers as kernel"));
  CHECK(contains(message_of<xg::ValueError>(conv(2, 2, 3, {.stride = 0})), "stride 0"));
  CHECK(contains(message_of<xg::ValueError>(conv(2, 2, 3, {.padding = -1})), "padding (-1, -1)"));
  CHECK(contains(message_of<xg::ShapeError>(conv(2, 2, 3, {.padding = {1, 2, 3}})), "3 numbers as padding"));
  CHECK(contains(message_of<xg::ValueError>(conv(2, 2, 3, {.dilation = {1, 0}})), "dilation 0"));
  CHECK(contains(message_of<xg::ValueError>(conv(2, 2, 3, {.stride = 2, .padding = xg::ConvPadding::same()})), "same"));
  CHECK(contains(message_of<xg::DTypeError>(conv(2, 2, 3, {.dtype = xg::int64})), "[Conv2d] of int64"));
  CHECK(contains(message_of<xg::ValueError>([&] {
                   return xg::nn::ConvTranspose1d{2, 2, 3, random, {.stride = 2, .output_padding = 2}};
                 }),
                 "[ConvTranspose1d] output_padding 2 with stride 2"));
  CHECK(message_of<xg::ShapeError>([] {
          return xg::nn::Conv1d{xg::ones({3, 2}), {}};
        }) == "[Conv1d] found a weight (3, 2); expected (out, in / groups, *kernel) with 1 spatial axes, and elements");
  CHECK(contains(message_of<xg::ShapeError>([] {
                   return xg::nn::Conv1d{xg::ones({3, 2, 2}), xg::ones({2})};
                 }),
                 "a bias (2,)"));
  CHECK(contains(message_of<xg::DTypeError>([] {
                   return xg::nn::Conv1d{xg::ones({3, 2, 2}), xg::ones({3}, float64)};
                 }),
                 "the weight is float32, the bias float64"));
  const xg::nn::Conv2d layer{3, 2, 3, random};
  CHECK(message_of<xg::ShapeError>([&] {
          return layer(xg::ones({1, 2, 5, 5}));
        }) == "[Conv2d] found (1, 2, 5, 5); expected (N, 3, *spatial) or (3, *spatial) with 2 spatial axes");
  CHECK(contains(message_of<xg::ShapeError>([&] { return layer(xg::ones({3, 5})); }), "[Conv2d] found (3, 5)"));
  CHECK(contains(message_of<xg::ShapeError>([&] { return layer(xg::ones({1, 3, 2, 5})); }), "[conv]"));
  CHECK(contains(message_of<xg::DTypeError>([&] { return layer(xg::ones({1, 3, 5, 5}, float64)); }), "[conv]"));
  CHECK(contains(message_of<xg::ValueError>([&] { return layer(Tensor{}); }), "undefined"));
}
