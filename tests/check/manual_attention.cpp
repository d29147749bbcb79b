// Attention by hand beside nn::attention and nn::MultiHeadAttention, three ways.
#include <cmath>
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

struct Shapes {
  Shape q, k, v;
};

ManualLayer attention(const Shapes& shapes, xg::DType dtype, const xg::nn::AttentionOptions& options) {
  xg::Random random{8};
  return {[options](const std::vector<Tensor>& in) { return xg::nn::attention(in[0], in[1], in[2], options); },
          {{"q", random.normal(shapes.q, 0, 1, dtype).eval()},
           {"k", random.normal(shapes.k, 0, 1, dtype).eval()},
           {"v", random.normal(shapes.v, 0, 1, dtype).eval()}},
          {},
          [options](const std::vector<Tensor>& in, const Tensor& dy) {
            const auto hand = manual::attention(
                in[0], in[1], in[2], dy, {.mask = options.mask, .causal = options.causal, .scale = options.scale});
            return ByHand{hand.y, {hand.dq, hand.dk, hand.dv}};
          }};
}

Tensor value_or_nothing(const xg::Parameter& parameter) {
  return parameter.defined() ? parameter.value() : Tensor{};
}

manual::AttentionParameters values_of(const xg::nn::MultiHeadAttention& layer) {
  return {.in_proj_weight = value_or_nothing(layer.in_proj_weight),
          .q_proj_weight = value_or_nothing(layer.q_proj_weight),
          .k_proj_weight = value_or_nothing(layer.k_proj_weight),
          .v_proj_weight = value_or_nothing(layer.v_proj_weight),
          .in_proj_bias = value_or_nothing(layer.in_proj_bias),
          .out_proj_weight = layer.out_proj.weight,
          .out_proj_bias = value_or_nothing(layer.out_proj.bias)};
}

std::vector<Tensor> defined_of(const manual::AttentionParameters& p) {
  std::vector<Tensor> result;
  for (const Tensor* tensor : {&p.in_proj_weight, &p.q_proj_weight, &p.k_proj_weight, &p.v_proj_weight, &p.in_proj_bias,
                               &p.out_proj_weight, &p.out_proj_bias}) {
    if (tensor->defined()) {
      result.push_back(*tensor);
    }
  }
  return result;
}

xg::nn::MultiHeadAttention drawn(std::int64_t width, std::int64_t heads, xg::Random& random,
                                 const xg::nn::MultiHeadAttentionOptions& options) {
  const xg::nn::MultiHeadAttention layer{width, heads, random, options};
  if (options.use_bias) {
    layer.in_proj_bias.set(random.normal(layer.in_proj_bias.shape(), 0, 1, options.dtype));
    layer.out_proj.bias.set(random.normal({width}, 0, 1, options.dtype));
  }
  return layer;
}

manual::MultiHeadOptions options_of(const xg::nn::MultiHeadAttention& layer, const xg::nn::AttentionMasks& masks) {
  return {.heads = layer.heads,
          .key_heads = layer.key_heads,
          .causal = layer.causal,
          .mask = masks.mask,
          .keys = masks.keys};
}

ManualLayer self_attention(const xg::nn::MultiHeadAttention& layer, const Tensor& x,
                           const xg::nn::AttentionMasks& masks = {}) {
  return {[layer, masks](const std::vector<Tensor>& in) { return layer(in[0], masks); },
          {{"x", x}},
          xg::nn::parameters(layer),
          [layer, masks](const std::vector<Tensor>& in, const Tensor& dy) {
            const auto hand =
                manual::multi_head_attention(in[0], in[0], in[0], values_of(layer), dy, options_of(layer, masks));
            ByHand result{hand.y, {hand.dquery + hand.dkey + hand.dvalue}};
            for (const Tensor& gradient : defined_of(hand.gradients)) {
              result.gradients.push_back(gradient);
            }
            return result;
          }};
}

ManualLayer cross_attention(const xg::nn::MultiHeadAttention& layer, const std::vector<xg::NamedTensor>& inputs,
                            const xg::nn::AttentionMasks& masks = {}) {
  return {[layer, masks](const std::vector<Tensor>& in) { return layer(in[0], in[1], in[2], masks); }, inputs,
          xg::nn::parameters(layer),
          [layer, masks](const std::vector<Tensor>& in, const Tensor& dy) {
            const auto hand =
                manual::multi_head_attention(in[0], in[1], in[2], values_of(layer), dy, options_of(layer, masks));
            ByHand result{hand.y, {hand.dquery, hand.dkey, hand.dvalue}};
            for (const Tensor& gradient : defined_of(hand.gradients)) {
              result.gradients.push_back(gradient);
            }
            return result;
          }};
}

}  // namespace

TEST_CASE("manual attention: equal to nn::attention and to differences, with masks, scales and shared heads") {
  const Shapes plain{{5, 3}, {4, 3}, {4, 2}};
  const Shapes batch{{2, 3, 2}, {2, 4, 2}, {2, 4, 3}};
  const Shapes heads{{2, 4, 3, 2}, {2, 2, 3, 2}, {2, 2, 3, 3}};
  const double hidden = -std::numeric_limits<double>::infinity();
  for (const xg::DType dtype : {float64, float32}) {
    CAPTURE(dtype);
    check_three_ways(attention(plain, dtype, {}));
    check_three_ways(attention(plain, dtype, {.causal = true, .mask = {}, .scale = 0.3}));
    check_three_ways(attention({{2, 3}, {5, 3}, {5, 2}}, dtype, {.causal = true}));
    check_three_ways(attention(batch, dtype, {}));
    check_three_ways(attention(heads, dtype, {.causal = true}));
    const Tensor seen = xg::cast(xg::tensor({{1, 0, 1, 1}, {0, 1, 0, 0}, {1, 1, 1, 0}}, float64), xg::boolean);
    check_three_ways(attention(batch, dtype, {.causal = false, .mask = seen}));
    const Tensor added = xg::cast(xg::tensor({{0.5}, {-1}, {2}}, float64), dtype);
    check_three_ways(attention(batch, dtype, {.causal = false, .mask = added}));
    const Tensor both = xg::cast(xg::tensor({{0, hidden, 0.5, 1}, {1, 1, hidden, -1}, {0, 2, 0, 1}}, float64), dtype);
    check_three_ways(attention(batch, dtype, {.causal = true, .mask = both}));
  }
}

TEST_CASE("manual attention: a query that sees no key gives 0, and gets no gradient; one key gets no gradient") {
  const Tensor seen = xg::cast(xg::tensor({{0, 0, 0, 0}, {1, 1, 0, 0}, {1, 1, 1, 0}}, float64), xg::boolean);
  const ManualLayer layer = attention({{3, 2}, {4, 2}, {4, 3}}, float64, {.causal = false, .mask = seen});
  check_three_ways(layer);
  const auto hand = manual::attention(layer.inputs[0].tensor, layer.inputs[1].tensor, layer.inputs[2].tensor,
                                      xg::ones({3, 3}, float64), {.mask = seen});
  CHECK(hand.y.at({0}).eval().to_vector<double>() == std::vector<double>{0, 0, 0});
  CHECK(hand.dq.at({0}).eval().to_vector<double>() == std::vector<double>{0, 0});
  CHECK(hand.dv.at({3}).eval().to_vector<double>() == std::vector<double>{0, 0, 0});
  const Tensor none = xg::cast(xg::zeros({3, 4}, float64), xg::boolean);
  check_manual_is_automatic(attention({{3, 2}, {4, 2}, {4, 3}}, float64, {.causal = false, .mask = none}),
                            {"q", "k", "v"});
  check_manual_is_automatic(attention({{3, 2}, {1, 2}, {1, 3}}, float32, {}), {"q", "k"});
}

TEST_CASE("manual attention: of a query that isn't a number, NaN; the others are right") {
  ManualLayer layer = attention({{3, 2}, {4, 2}, {4, 3}}, float64, {});
  layer.inputs[0].tensor = xg::tensor({{1, 2}, {std::nan(""), 1}, {3, -1}}, float64);
  check_output(layer);
  const auto hand = manual::attention(layer.inputs[0].tensor, layer.inputs[1].tensor, layer.inputs[2].tensor,
                                      xg::ones({3, 3}, float64));
  CHECK(std::isnan(hand.y.at({1, 0}).item()));
  CHECK(std::isnan(hand.dq.at({1, 0}).item()));
}

TEST_CASE("manual multi_head_attention: equal to nn::MultiHeadAttention and to differences") {
  const Tensor keys = xg::cast(xg::tensor({{1, 1, 0}, {1, 1, 1}}, float64), xg::boolean);
  const Tensor mask = xg::cast(xg::tensor({{1, 0, 1}, {1, 1, 0}, {0, 1, 1}}, float64), xg::boolean);
  for (const xg::DType dtype : {float64, float32}) {
    CAPTURE(dtype);
    xg::Random random{9};
    const Tensor x = random.normal({2, 3, 4}, 0, 1, dtype).eval();
    check_three_ways(self_attention(drawn(4, 2, random, {.dtype = dtype}), x));
    check_three_ways(self_attention(drawn(4, 4, random, {.use_bias = false, .causal = true, .dtype = dtype}), x));
    check_three_ways(self_attention(drawn(4, 2, random, {.key_heads = 1, .dtype = dtype}), x, {.mask = mask}));
    check_three_ways(self_attention(drawn(4, 1, random, {.dtype = dtype}), x, {.mask = mask, .keys = keys}));
    const std::vector<xg::NamedTensor> inputs{{"query", random.normal({2, 2, 4}, 0, 1, dtype).eval()},
                                              {"key", random.normal({2, 3, 4}, 0, 1, dtype).eval()},
                                              {"value", random.normal({2, 3, 4}, 0, 1, dtype).eval()}};
    check_three_ways(cross_attention(drawn(4, 2, random, {.dtype = dtype}), inputs, {.mask = {}, .keys = keys}));
    const std::vector<xg::NamedTensor> others{{"query", random.normal({2, 2, 4}, 0, 1, dtype).eval()},
                                              {"key", random.normal({2, 3, 3}, 0, 1, dtype).eval()},
                                              {"value", random.normal({2, 3, 5}, 0, 1, dtype).eval()}};
    check_three_ways(cross_attention(drawn(4, 2, random, {.key_width = 3, .value_width = 5, .dtype = dtype}), others));
    check_three_ways(
        self_attention(drawn(6, 2, random, {.dtype = dtype}), random.normal({1, 2, 6}, 0, 1, dtype).eval()));
  }
}

TEST_CASE("manual multi_head_attention: each wrong gradient is found, and no other") {
  xg::Random random{9};
  const Tensor x = random.normal({2, 3, 4}, 0, 1, float64).eval();
  check_every_mistake_is_found(attention({{3, 2}, {4, 2}, {4, 3}}, float64, {}));
  check_every_mistake_is_found(self_attention(drawn(4, 2, random, {.dtype = float64}), x));
}

TEST_CASE("manual attention: what doesn't fit is named") {
  const auto message = [](const Shape& q, const Shape& k, const Shape& v, const Tensor& mask) {
    return message_of<xg::Error>([&] {
      return manual::attention(xg::zeros(q), xg::zeros(k), xg::zeros(v), xg::zeros({3, 2}), {.mask = mask});
    });
  };
  CHECK(contains(message({3, 2}, {4, 3}, {4, 2}, {}), "[manual::attention] k has shape (4, 3), expected (…, T_k, 2)"));
  CHECK(contains(message({3, 2}, {4, 2}, {5, 2}, {}), "v has shape (5, 2), expected (4, 2)"));
  CHECK(contains(message({3, 2}, {4, 2}, {4, 2}, xg::zeros({2, 4})), "the mask has shape (2, 4)"));
  CHECK(contains(message({3, 2}, {4, 2}, {4, 2}, xg::zeros({3, 4}, float64)), "the mask is float64, expected bool or"));
  CHECK(contains(message({3, 3, 2}, {2, 3, 2}, {2, 3, 2}, {}), "q's axes (3, 3, 2), or a divisor of its heads"));
  const Tensor x = xg::zeros({2, 3, 4});
  CHECK(
      contains(message_of<xg::Error>([&] {
                 return manual::multi_head_attention(x, x, x, {.in_proj_weight = xg::zeros({12, 4})}, x, {.heads = 3});
               }),
               "[manual::multi_head_attention] heads 3, expected a divisor of the width"));
}
