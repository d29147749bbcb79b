// MultiHeadAttention and transformers: caches, grouped queries, masks, dropout, names.
#include <algorithm>
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
using xg::nn::AttentionMasks;
using xg::nn::KeyValueCache;
using xg::nn::MultiHeadAttention;

namespace {

Tensor normal(const Shape& shape, std::uint64_t seed) {
  return xg::Random{seed}.normal(shape, 0, 1, float64).eval();
}

double distance(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  return xg::max(xg::abs(a - b)).item();
}

Tensor rows(const Tensor& x, std::int64_t first, std::int64_t end) {
  return xg::slice(x, {.start = first, .stop = end, .step = 1}, -2);
}

template <class Model>
std::vector<std::string> names_of(const Model& model) {
  std::vector<std::string> names;
  for (const auto& named : xg::nn::parameters(model)) {
    names.push_back(named.name + " " + xg::to_string(named.parameter.shape()));
  }
  return names;
}

// Biases that aren't 0, so that they are seen.
template <class Model>
void scatter(const Model& model) {
  xg::Random random{77};
  for (const auto& named : xg::nn::parameters(model)) {
    named.set(random.normal(named.parameter.shape(), 0, 0.5, named.parameter.dtype()));
  }
}

struct Kind {
  const char* name;
  xg::nn::MultiHeadAttentionOptions options;
};

const std::vector<Kind> kinds{
    {"plain", {.causal = true, .dtype = float64}},
    {"grouped", {.key_heads = 2, .causal = true, .dtype = float64}},
    {"one key head, without bias", {.key_heads = 1, .use_bias = false, .causal = true, .dtype = float64}},
    {"rotary", {.causal = true, .rotary_base = 10000, .dtype = float64}},
    {"rotary in halves",
     {.key_heads = 2,
      .causal = true,
      .rotary_base = 100,
      .rotary_pairs = xg::nn::RotaryPairs::halves,
      .dtype = float64}},
};

}  // namespace

TEST_CASE("MultiHeadAttention: position by position with a cache gives what all at once does") {
  for (const Kind& kind : kinds) {
    INFO(kind.name);
    xg::Random random{3};
    const MultiHeadAttention layer{8, 4, random, kind.options};
    scatter(layer);
    const Tensor x = normal({2, 7, 8}, 1);
    const Tensor whole = layer(x);
    KeyValueCache cache;
    std::int64_t at = 0;
    for (const std::int64_t count : {3, 1, 1, 2}) {
      const auto [y, longer] = layer.extend(rows(x, at, at + count), cache);
      CHECK(cache.length() == at);
      CHECK(distance(y, rows(whole, at, at + count)) < 1e-13);
      cache = longer;
      at += count;
    }
    CHECK(cache.keys.shape() == Shape{2, layer.key_heads, 7, 2});
  }
}

TEST_CASE("MultiHeadAttention: a batch of one equals a single sequence, with a cache, too") {
  xg::Random random{3};
  const MultiHeadAttention layer{6, 2, random, {.dtype = float64}};
  scatter(layer);
  const Tensor x = normal({4, 6}, 1);
  const Tensor batch = xg::expand_dims(x, 0);
  CHECK(distance(layer(x), xg::squeeze(layer(batch), 0)) < 1e-14);
  CHECK(distance(layer.extend(x, {}).first, layer(x)) < 1e-14);
  const Tensor keys = xg::tensor({1, 1, 0, 1}, xg::boolean);
  CHECK(distance(layer(x, {.keys = keys}), xg::squeeze(layer(batch, {.keys = xg::expand_dims(keys, 0)}), 0)) < 1e-14);
}

TEST_CASE("MultiHeadAttention: padding isn't seen, and a sequence of padding alone gives the bias") {
  xg::Random random{3};
  const MultiHeadAttention layer{6, 2, random, {.dtype = float64}};
  scatter(layer);
  const Tensor x = normal({2, 4, 6}, 1);
  const Tensor keys = xg::tensor({{1, 1, 0, 0}, {0, 0, 0, 0}}, xg::boolean);
  const xg::Parameter input{x, "x"};
  const Tensor y = layer(input, {.keys = keys});
  const Tensor shorter = layer(rows(xg::slice(x, {.start = 0, .stop = 1, .step = 1}), 0, 2));
  CHECK(distance(rows(xg::slice(y, {.start = 0, .stop = 1, .step = 1}), 0, 2), shorter) < 1e-13);
  const Tensor bias = layer.out_proj.bias.value();
  CHECK(distance(xg::slice(y, {.start = 1, .stop = 2, .step = 1}), xg::broadcast_to(bias, {1, 4, 6})) == 0);
  for (const Tensor& gradient :
       xg::gradients(xg::sum(xg::square(y)), {input, layer.in_proj_weight, layer.in_proj_bias})) {
    CHECK(std::isfinite(xg::sum(xg::abs(gradient)).item()));
  }
  // With a mask beside it, of either kind.
  const Tensor lower = xg::cast(xg::tensor({{1, 0, 0, 0}, {1, 1, 0, 0}, {1, 1, 1, 0}, {1, 1, 1, 1}}), xg::boolean);
  const Tensor additive = xg::where(lower, 0.0, xg::full({4, 4}, -static_cast<double>(INFINITY), float64));
  CHECK(distance(layer(x, {.mask = lower, .keys = keys}), layer(x, {.mask = additive, .keys = keys})) < 1e-14);
}

TEST_CASE("MultiHeadAttention: parameters are PyTorch's, by name and shape") {
  xg::Random random{3};
  CHECK(names_of(MultiHeadAttention{6, 2, random}) ==
        std::vector<std::string>{"in_proj_weight (18, 6)", "in_proj_bias (18,)", "out_proj.weight (6, 6)",
                                 "out_proj.bias (6,)"});
  CHECK(names_of(MultiHeadAttention{6, 3, random, {.key_heads = 1, .use_bias = false}}) ==
        std::vector<std::string>{"in_proj_weight (10, 6)", "out_proj.weight (6, 6)"});
  CHECK(names_of(MultiHeadAttention{6, 2, random, {.key_width = 5, .value_width = 4}}) ==
        std::vector<std::string>{"q_proj_weight (6, 6)", "k_proj_weight (6, 5)", "v_proj_weight (6, 4)",
                                 "in_proj_bias (18,)", "out_proj.weight (6, 6)", "out_proj.bias (6,)"});
  CHECK(xg::nn::states(MultiHeadAttention{6, 2, random}).size() == 1);
}

TEST_CASE("MultiHeadAttention: drops weights in training alone, others in each call, also compiled") {
  xg::Random random{3};
  const MultiHeadAttention layer{6, 2, random, {.dropout = 0.5, .dtype = float64}};
  const Tensor x = normal({2, 5, 6}, 1);
  const MultiHeadAttention fixed = xg::nn::inference(layer);
  const Tensor expected = fixed(x);
  CHECK(distance(fixed(x), expected) == 0);
  const Tensor first = layer(x).eval();
  CHECK(distance(first, expected) > 1e-3);
  CHECK(distance(layer(x), first) > 1e-3);
  const MultiHeadAttention a = xg::nn::clone(layer);
  const MultiHeadAttention b = xg::nn::clone(layer);
  auto compiled = xg::compile([&](const Tensor& in) { return b(in); });
  for (int i = 0; i < 3; ++i) {
    CHECK(distance(a(x), compiled(x)) == 0);
  }
}

TEST_CASE("MultiHeadAttention, transformers: gradients by all parameters match differences, with dropout, too") {
  xg::Random random{3};
  const Tensor x = normal({2, 4, 4}, 1);
  const Tensor keys = xg::tensor({{1, 1, 1, 0}, {0, 0, 0, 0}}, xg::boolean);
  const MultiHeadAttention layer{4, 2, random, {.key_heads = 1, .causal = true, .rotary_base = 100, .dtype = float64}};
  const xg::nn::TransformerOptions options{.hidden = 3,
                                           .dropout = 0.3,
                                           .activation = xg::nn::FeedForwardActivation::silu,
                                           .pre_norm = true,
                                           .dtype = float64};
  const xg::nn::TransformerDecoderLayer decoder{4, 2, random, options};
  scatter(layer);
  scatter(decoder);
  const Tensor w = normal({2, 4, 4}, 2);
  const auto of_layer = [&] { return xg::sum(layer(x, {.keys = keys}) * w); };
  const auto of_decoder = [&] { return xg::sum(decoder(x, w, {.memory = {.keys = keys}}) * w); };
  CHECK(xg::check::compare(of_layer, xg::nn::parameters(layer)).verdict() == xg::check::Verdict::right);
  CHECK(xg::check::compare(of_decoder, xg::nn::parameters(decoder)).verdict() == xg::check::Verdict::right);
}

TEST_CASE("MultiHeadAttention: a clone has cells of its own, and it works in a Sequential") {
  xg::Random random{3};
  const MultiHeadAttention layer{6, 2, random, {.causal = true, .dtype = float64}};
  const MultiHeadAttention copy = xg::nn::clone(layer);
  const Tensor x = normal({2, 4, 6}, 1);
  const Tensor before = layer(x).eval();
  copy.in_proj_weight.set(copy.in_proj_weight * 2.0);
  CHECK(distance(layer(x), before) == 0);
  CHECK(distance(copy(x), before) > 1e-3);
  const xg::nn::Sequential net{layer, xg::nn::LayerNorm{6, {.dtype = float64}}};
  CHECK(net.parameters()[2].name == "0.out_proj.weight");
  CHECK(net(x).shape() == x.shape());
  CHECK(xg::describe(net(x), xg::View::layers).find("0/MultiHeadAttention") != std::string::npos);
}

TEST_CASE("MultiHeadAttention: what doesn't fit is an error that names it and the shapes") {
  xg::Random random{3};
  const auto made = [&](std::int64_t width, std::int64_t heads, const xg::nn::MultiHeadAttentionOptions& options = {}) {
    return message_of<xg::ValueError>([&] { return MultiHeadAttention{width, heads, random, options}; });
  };
  CHECK(contains(made(6, 4), "[MultiHeadAttention] width 6 in 4 heads"));
  CHECK(contains(made(0, 1), "width 0"));
  CHECK(contains(made(6, 3, {.key_heads = 2}), "3 heads with 2 of keys"));
  CHECK(contains(made(6, 3, {.key_heads = -1}), "3 heads with -1 of keys"));
  CHECK(contains(made(6, 2, {.key_width = -1}), "keys of width -1"));
  CHECK(contains(made(6, 2, {.dropout = 1.5}), "dropout 1.5"));
  CHECK(contains(made(6, 2, {.rotary_base = -1}), "rotary base -1"));
  CHECK(contains(made(6, 2, {.rotary_base = 100}), "3 elements a head"));
  CHECK_THROWS_AS(static_cast<void>(MultiHeadAttention(6, 2, random, {.dtype = xg::int64})), xg::DTypeError);

  const MultiHeadAttention layer{6, 2, random};
  const auto called = [&](const Shape& x, const AttentionMasks& masks = {}) {
    return message_of<xg::Error>([&] { return layer(xg::ones(x), masks); });
  };
  CHECK(contains(called({2, 4, 5}), "the query is (N, T, 6) or (T, 6), not (2, 4, 5)"));
  CHECK(contains(called({6}), "not (6,)"));
  CHECK(contains(called({2, 4, 6}, {.mask = xg::ones({3, 4}, xg::boolean)}), "not (3, 4)"));
  CHECK(contains(called({2, 4, 6}, {.mask = xg::ones({3, 4, 4}, xg::boolean)}), "not (3, 4, 4)"));
  CHECK(contains(called({2, 4, 6}, {.keys = xg::ones({2, 3}, xg::boolean)}), "the mask of the keys is (2, 4)"));
  CHECK(contains(called({2, 4, 6}, {.keys = xg::ones({2, 4})}), "expected bool"));
  const auto crossed = [&](const Shape& k, const Shape& v) {
    return message_of<xg::Error>([&] { return layer(xg::ones({2, 4, 6}), xg::ones(k), xg::ones(v)); });
  };
  CHECK(contains(crossed({3, 4, 6}, {3, 4, 6}), "equally many sequences"));
  CHECK(contains(crossed({2, 4, 6}, {2, 5, 6}), "of one length"));
  CHECK(contains(crossed({2, 4, 5}, {2, 4, 6}), "the key is (N, T, 6)"));
  CHECK_THROWS_AS(static_cast<void>(layer(Tensor{})), xg::ValueError);
  CHECK(contains(message_of<xg::ShapeError>([&] {
                   return layer.extend(xg::ones({2, 1, 6}), {xg::ones({1, 2, 4, 3}), xg::ones({1, 2, 4, 3})}).first;
                 }),
                 "keys and values (2, 2, 4, 3), not (1, 2, 4, 3)"));
  const MultiHeadAttention several{6, 2, random, {.key_width = 5}};
  CHECK_THROWS_AS(static_cast<void>(several.extend(xg::ones({2, 1, 6}), {})), xg::ValueError);
}

TEST_CASE("transformers: generation with caches gives what the whole sequence does") {
  for (const bool pre : {false, true}) {
    xg::Random random{5};
    const xg::nn::TransformerOptions options{.hidden = 5,
                                             .dropout = 0,
                                             .activation = xg::nn::FeedForwardActivation::silu,
                                             .pre_norm = pre,
                                             .causal = true,
                                             .key_heads = 1,
                                             .rotary_base = 10000,
                                             .dtype = float64};
    const xg::nn::TransformerEncoder encoder{2, 4, 2, random, options};
    const xg::nn::TransformerDecoder decoder{2, 4, 2, random, options};
    scatter(encoder);
    scatter(decoder);
    CHECK(encoder.norm.has_value() == pre);
    const Tensor x = normal({2, 6, 4}, 1);
    const Tensor memory = normal({2, 3, 4}, 2);
    const Tensor encoded = encoder(x);
    const Tensor decoded = decoder(x, memory);
    std::vector<KeyValueCache> of_encoder;
    std::vector<KeyValueCache> of_decoder;
    for (std::int64_t t = 0; t < 6; ++t) {
      const Tensor next = rows(x, t, t + 1);
      auto [a, longer] = encoder.extend(next, of_encoder);
      auto [b, longest] = decoder.extend(next, memory, of_decoder);
      CHECK(distance(a, rows(encoded, t, t + 1)) < 1e-12);
      CHECK(distance(b, rows(decoded, t, t + 1)) < 1e-12);
      of_encoder = longer;
      of_decoder = longest;
    }
    CHECK_THROWS_AS(static_cast<void>(encoder.extend(x, {KeyValueCache{}})), xg::ShapeError);
  }
}

TEST_CASE("transformers: a decoder is causal unless told otherwise, an encoder isn't") {
  xg::Random random{5};
  const xg::nn::TransformerOptions options{.dropout = 0, .dtype = float64};
  const xg::nn::TransformerEncoderLayer encoder{4, 2, random, options};
  const xg::nn::TransformerDecoderLayer decoder{4, 2, random, options};
  const Tensor memory = normal({1, 3, 4}, 2);
  const Tensor x = normal({1, 5, 4}, 1);
  // The same but for the last position.
  const Tensor y = xg::concatenate({rows(x, 0, 4), normal({1, 1, 4}, 7)}, 1);
  CHECK(distance(rows(decoder(x, memory), 0, 4), rows(decoder(y, memory), 0, 4)) == 0);
  CHECK(distance(rows(encoder(x), 0, 4), rows(encoder(y), 0, 4)) > 1e-3);
  CHECK_FALSE(decoder.multihead_attn.causal);
}

TEST_CASE("transformers: names are PyTorch's; clones and modes reach every part") {
  xg::Random random{5};
  const xg::nn::TransformerDecoder decoder{2, 4, 2, random, {.hidden = 3, .pre_norm = true}};
  const std::vector<std::string> names = names_of(decoder);
  CHECK(names.size() == 2 * 18 + 2);
  CHECK(names[0] == "layers.0.self_attn.in_proj_weight (12, 4)");
  CHECK(names[4] == "layers.0.multihead_attn.in_proj_weight (12, 4)");
  CHECK(names[8] == "layers.0.linear1.W (3, 4)");
  CHECK(names[18 + 12] == "layers.1.norm1.weight (4,)");
  CHECK(names.back() == "norm.bias (4,)");
  CHECK(xg::nn::states(decoder).size() == 2 * 6);
  const xg::nn::TransformerDecoder fixed = xg::nn::inference(decoder);
  const Tensor x = xg::ones({1, 2, 4});
  CHECK(fixed(x, x).to_vector<float>() == fixed(x, x).to_vector<float>());
  CHECK(decoder(x, x).to_vector<float>() != decoder(x, x).to_vector<float>());
  const xg::nn::TransformerDecoder copy = xg::nn::clone(decoder);
  CHECK_FALSE(copy.layers[1].norm3.weight.is(decoder.layers[1].norm3.weight));
  CHECK_FALSE(copy.norm.value().weight.is(decoder.norm.value().weight));  // NOLINT(bugprone-unchecked-optional-access)
  CHECK_THROWS_AS(static_cast<void>(xg::nn::TransformerEncoder(-1, 4, 2, random)), xg::ValueError);
  CHECK_THROWS_AS(static_cast<void>(xg::nn::TransformerEncoderLayer(4, 2, random, {.hidden = -2})), xg::ValueError);
  CHECK(contains(message_of<xg::ValueError>([&] { return decoder(x, Tensor{}); }), "the memory is an undefined"));
}

TEST_CASE("transformers: training with dropout, eager and compiled, draws the same masks and gives the same losses") {
  struct Training {
    xg::Random random{9};
    xg::nn::TransformerEncoder net{
        2, 4, 2, random, {.hidden = 6, .dropout = 0.3, .pre_norm = true, .causal = true, .dtype = float64}};
    xg::optim::Adam adam{xg::nn::parameters(net), {.learning_rate = 0.01}};
    Tensor x = normal({3, 5, 4}, 1);
    Tensor y = normal({3, 5, 4}, 2);

    Tensor step(const Tensor& in, const Tensor& out) { return adam.step(xg::nn::MeanSquaredError{}(net(in), out)); }
    std::vector<double> eager() {
      std::vector<double> losses(5);
      std::generate(losses.begin(), losses.end(), [this] { return step(x, y).item(); });
      return losses;
    }
    std::vector<double> compiled() {
      auto function = xg::compile([this](const Tensor& in, const Tensor& out) { return step(in, out); });
      std::vector<double> losses(5);
      std::generate(losses.begin(), losses.end(), [&] { return function(x, y).item(); });
      return losses;
    }
  };
  const std::vector<double> eager = Training{}.eager();
  const std::vector<double> compiled = Training{}.compiled();
  for (std::size_t i = 0; i < eager.size(); ++i) {
    // A graph of so many nodes is run node by node when it is met first: sums are taken in other blocks.
    CHECK(compiled[i] == doctest::Approx(eager[i]).epsilon(1e-12));
  }
}

TEST_CASE("transformers: a model of characters learns to repeat") {
  struct Model {
    xg::nn::Embedding tokens;
    xg::nn::LearnedPositions positions;
    xg::nn::TransformerEncoder body;
    xg::nn::Dense head;
    Tensor operator()(const Tensor& x) const { return head(body(positions(tokens(x)))); }
  };
  xg::Random random{1};
  const xg::nn::TransformerOptions options{
      .hidden = 16, .dropout = 0, .activation = xg::nn::FeedForwardActivation::gelu, .pre_norm = true, .causal = true};
  const xg::nn::Embedding tokens{5, 8, random};
  const Model model{tokens, {8, 8, random}, {1, 8, 2, random, options}, xg::nn::Dense{tokens.weight}};
  // The next token after one is the one three positions before.
  const Tensor x = xg::tensor({{0, 1, 2, 0, 1, 2, 0, 1}, {3, 4, 1, 3, 4, 1, 3, 4}}, xg::int64);
  const Tensor target = xg::tensor({{1, 2, 0, 1, 2, 0, 1, 2}, {4, 1, 3, 4, 1, 3, 4, 1}}, xg::int64);
  xg::optim::Adam adam{xg::nn::parameters(model), {.learning_rate = 0.02}};
  auto step = xg::compile([&](const Tensor& in, const Tensor& out) {
    return adam.step(xg::nn::CrossEntropy{}(xg::reshape(model(in), {16, 5}), xg::reshape(out, {16})));
  });
  const double first = step(x, target).item();
  double last = first;
  for (int i = 0; i < 150; ++i) {
    last = step(x, target).item();
  }
  CHECK(first > 1);
  CHECK(last < 0.25 * first);
}
