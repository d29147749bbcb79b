// Batch and layer normalisation by hand beside nn's, three ways.
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

Tensor value_or_nothing(const xg::Parameter& parameter) {
  return parameter.defined() ? parameter.value() : Tensor{};
}

/// Parameters other than those of an untrained layer.
template <class Layer>
void draw(Layer& layer, xg::Random& random) {
  if (layer.weight.defined()) {
    layer.weight.set(random.normal(layer.weight.shape(), 0, 1, layer.weight.dtype()));
    layer.bias.set(random.normal(layer.bias.shape(), 0, 1, layer.bias.dtype()));
  }
}

template <class Layer, class Gradients>
ByHand by_hand(const Layer& layer, const Gradients& hand) {
  return layer.weight.defined() ? ByHand{hand.y, {hand.dx, hand.dweight, hand.dbias}} : ByHand{hand.y, {hand.dx}};
}

template <class Layer>
std::vector<xg::NamedParameter> parameters_of(const Layer& layer) {
  return layer.weight.defined() ? std::vector<xg::NamedParameter>{{"weight", layer.weight}, {"bias", layer.bias}}
                                : std::vector<xg::NamedParameter>{};
}

ManualLayer batch_norm(const Shape& shape, const xg::nn::BatchNormOptions& options, xg::nn::Mode mode) {
  xg::Random random{2};
  xg::nn::BatchNorm layer{shape[1], options};
  draw(layer, random);
  layer.mode = mode;
  if (layer.running_mean.defined()) {
    layer.running_mean.set(random.normal({shape[1]}, 0, 1, options.dtype));
    layer.running_var.set(random.uniform({shape[1]}, 0.5, 2, options.dtype));
  }
  const bool own = mode == xg::nn::Mode::training || !layer.running_mean.defined();
  return {[layer](const std::vector<Tensor>& in) { return layer(in[0]); },
          {{"x", (random.normal(shape, 0, 1, options.dtype) * 2.0 + 0.5).eval()}},
          parameters_of(layer),
          [layer, own](const std::vector<Tensor>& in, const Tensor& dy) {
            const Tensor w = value_or_nothing(layer.weight);
            const Tensor b = value_or_nothing(layer.bias);
            return by_hand(layer, own ? manual::batch_norm(in[0], w, b, dy, layer.epsilon)
                                      : manual::batch_norm_inference(in[0], layer.running_mean, layer.running_var, w, b,
                                                                     dy, layer.epsilon));
          }};
}

ManualLayer layer_norm(const Shape& shape, std::size_t axes, const xg::nn::NormOptions& options) {
  xg::Random random{2};
  std::vector<std::int64_t> lengths = shape.to_vector();
  lengths.erase(lengths.begin(), lengths.end() - static_cast<std::ptrdiff_t>(axes));
  xg::nn::LayerNorm layer{Shape{lengths}, options};
  draw(layer, random);
  return {[layer](const std::vector<Tensor>& in) { return layer(in[0]); },
          {{"x", (random.normal(shape, 0, 1, options.dtype) * 2.0 + 0.5).eval()}},
          parameters_of(layer),
          [layer, axes](const std::vector<Tensor>& in, const Tensor& dy) {
            return by_hand(layer,
                           manual::layer_norm(in[0], value_or_nothing(layer.weight), value_or_nothing(layer.bias), dy,
                                              static_cast<std::int64_t>(axes), layer.epsilon));
          }};
}

}  // namespace

TEST_CASE("manual batch_norm: equal to nn::BatchNorm and to differences, in training and inference") {
  using xg::nn::Mode;
  for (const xg::DType dtype : {float64, float32}) {
    for (const Mode mode : {Mode::training, Mode::inference}) {
      for (const bool affine : {true, false}) {
        for (const Shape& shape : {Shape{7, 3}, Shape{3, 2, 5}, Shape{2, 3, 3, 2}, Shape{2, 1, 2, 2, 2}}) {
          CAPTURE(shape);
          CAPTURE(dtype);
          CAPTURE(affine);
          CAPTURE(mode);
          check_three_ways(batch_norm(shape, {.affine = affine, .dtype = dtype}, mode));
        }
      }
    }
    check_three_ways(batch_norm({1, 2, 5}, {.epsilon = 0.25, .dtype = dtype}, Mode::training));
    check_three_ways(batch_norm({1, 3}, {.dtype = dtype}, Mode::inference));
    check_three_ways(batch_norm({5, 2}, {.running_statistics = false, .dtype = dtype}, Mode::inference));
  }
}

TEST_CASE("manual batch_norm: the statistics are those that move the running ones") {
  xg::Random random{6};
  const xg::nn::BatchNorm layer{3, {.momentum = 0.25, .dtype = float64}};
  const Tensor x = random.normal({4, 3, 2}, 1, 2, float64).eval();
  static_cast<void>(layer(x).eval());
  const auto hand = manual::batch_norm(x, {}, {}, xg::zeros_like(x));
  CHECK(largest_difference(layer.running_mean, hand.mean * 0.25) < 1e-14);
  CHECK(largest_difference(layer.running_var, 0.75 + hand.var * (0.25 * 8 / 7)) < 1e-14);
}

TEST_CASE("manual batch_norm: two values per channel have no gradient but epsilon's share") {
  // x̂ is ±1 whatever x is.
  const auto hand = manual::batch_norm(xg::tensor({{3}, {5}}, float64), {}, {}, xg::tensor({{1}, {2}}, float64), 1e-12);
  CHECK(largest_difference(hand.y, xg::tensor({{-1}, {1}}, float64)) < 1e-11);
  CHECK(largest_difference(hand.dx, xg::zeros({2, 1}, float64)) < 1e-11);
}

TEST_CASE("manual layer_norm: equal to nn::LayerNorm and to differences") {
  for (const xg::DType dtype : {float64, float32}) {
    for (const bool affine : {true, false}) {
      CAPTURE(dtype);
      CAPTURE(affine);
      const xg::nn::NormOptions options{.affine = affine, .dtype = dtype};
      check_three_ways(layer_norm({7, 5}, 1, options));
      check_three_ways(layer_norm({2, 3, 4}, 2, options));
      check_three_ways(layer_norm({3, 4}, 2, options));
      check_three_ways(layer_norm({6}, 1, options));
      check_three_ways(layer_norm({1, 1, 3}, 1, options));
      check_three_ways(layer_norm({2, 3, 2, 2}, 3, {.epsilon = 0.5, .affine = affine, .dtype = dtype}));
    }
    // One element has no deviation: y is the bias, and neither x nor the weight matters.
    check_manual_is_automatic(layer_norm({4, 1}, 1, {.dtype = dtype}), {"x", "weight"});
  }
}

TEST_CASE("manual norms: each wrong gradient is found, and no other") {
  check_every_mistake_is_found(batch_norm({5, 3, 2}, {.dtype = float64}, xg::nn::Mode::training));
  check_every_mistake_is_found(batch_norm({5, 3}, {.dtype = float64}, xg::nn::Mode::inference));
  check_every_mistake_is_found(layer_norm({5, 4}, 1, {.dtype = float64}));
}

TEST_CASE("manual norms: what doesn't fit is named") {
  const Tensor x = xg::zeros({1, 3}, float64);
  const auto batch = [&](const Tensor& weight, double epsilon) {
    return message_of<xg::Error>([&] { return manual::batch_norm(x, weight, {}, x, epsilon); });
  };
  CHECK(contains(batch({}, 1e-5), "[manual::batch_norm] x of (1, 3) has 1 value per channel, expected two or more"));
  CHECK(contains(batch({}, 0), "epsilon 0, expected a positive number"));
  CHECK(contains(batch(xg::ones({2}, float64), 1e-5), "weight has shape (2,), expected (3,)"));
  const auto layer = [&](std::int64_t axes) {
    return message_of<xg::Error>([&] { return manual::layer_norm(x, {}, {}, x, axes); });
  };
  CHECK(contains(layer(0), "[manual::layer_norm] over the last 0 axes of (1, 3), expected 1 to 2"));
  CHECK(contains(layer(3), "over the last 3 axes"));
}
