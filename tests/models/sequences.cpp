// Models of sequences: LSTM, GRU, GPT-2, Llama, BERT.
#include "models/golden_model.hpp"

namespace xg = xgrad;
namespace nn = xgrad::nn;
using golden_model::check;
using golden_model::Result;
using xg::float64;
using xg::Tensor;

namespace {

constexpr std::int64_t words = 50;
constexpr std::int64_t width = 32;
constexpr std::int64_t heads = 4;
const nn::DenseOptions in_float64{.dtype = float64};
const nn::DenseOptions without_bias{.dtype = float64, .use_bias = false};

nn::Embedding table(std::int64_t count, std::int64_t columns, xg::Random& random) {
  return {count, columns, random, {.dtype = float64}};
}

// (N, T, width) → (N, heads, T, width of a head), and back.
Tensor in_heads(const Tensor& x) {
  return permute(reshape(x, {x.dim(0), x.dim(1), heads, width / heads}), {0, 2, 1, 3});
}
Tensor together(const Tensor& x) {
  return reshape(permute(x, {0, 2, 1, 3}), {x.dim(0), x.dim(2), width});
}

Result predicted(const Tensor& z, const Tensor& labels) {
  return {z, nn::CrossEntropy{}(reshape(z, {-1, words}), reshape(labels, {-1}))};
}

template <class Layer>
struct Recurrent {
  nn::Embedding embedding;
  Layer recurrent;
  nn::Dense last;

  Tensor operator()(const Tensor& i) const { return last(recurrent(embedding(i))); }
};

template <class Layer>
void check_recurrent(const char* name) {
  xg::Random random{1};
  const Recurrent<Layer> model{table(words, 16, random),
                               Layer{16, 24, random, {.layers = 2, .cell = {.dtype = float64}}},
                               nn::Dense{24, words, random, in_float64}};
  const Tensor i = reproducible::integers(1, {3, 6}, words);
  const Tensor labels = reproducible::integers(2, {3, 6}, words);
  check(name, model, [&](const Recurrent<Layer>& net) { return predicted(net(i), labels); });
}

struct GPT2Block {
  nn::LayerNorm norm1, norm2;
  nn::Dense qkv, project, up, down;

  explicit GPT2Block(xg::Random& random)
      : norm1{width, {.dtype = float64}},
        norm2{width, {.dtype = float64}},
        qkv{width, 3 * width, random, in_float64},
        project{width, width, random, in_float64},
        up{width, 4 * width, random, in_float64},
        down{4 * width, width, random, in_float64} {}
  static constexpr std::array<std::string_view, 6> field_names{"norm1", "norm2", "qkv", "project", "up", "down"};

  Tensor operator()(const Tensor& x) const {
    const std::vector<Tensor> parts = split(qkv(norm1(x)), 3, -1);
    const Tensor seen = nn::attention(in_heads(parts[0]), in_heads(parts[1]), in_heads(parts[2]), {.causal = true});
    const Tensor y = x + project(together(seen));
    return y + down(gelu_tanh(up(norm2(y))));
  }
};

// The output layer is the table of words.
struct GPT2 {
  nn::Embedding words;
  nn::Embedding positions;
  std::vector<GPT2Block> blocks;
  nn::LayerNorm norm;

  Tensor operator()(const Tensor& i) const {
    Tensor x = words(i) + positions(xg::arange(0, static_cast<double>(i.dim(1)), 1, xg::int64));
    for (const GPT2Block& block : blocks) {
      x = block(x);
    }
    return matmul(norm(x), transpose(words.weight));
  }
};

struct Llama {
  nn::Embedding words;
  xg::Parameter gain;
  nn::Dense q, k, v, o, gate, up, down, last;

  [[nodiscard]] Tensor normal(const Tensor& x) const { return nn::rms_norm(x, {width}, gain); }

  Tensor operator()(const Tensor& i) const {
    Tensor x = words(i);
    Tensor y = normal(x);
    const Tensor positions = xg::arange(0, static_cast<double>(i.dim(1)), 1, xg::int64);
    const Tensor seen =
        nn::attention(nn::rotary_embedding(in_heads(q(y)), positions), nn::rotary_embedding(in_heads(k(y)), positions),
                      in_heads(v(y)), {.causal = true});
    x = x + o(together(seen));
    y = normal(x);
    x = x + down(silu(gate(y)) * up(y));
    return last(normal(x));
  }
};

struct BERT {
  nn::Embedding words, positions, types;
  nn::LayerNorm norm;
  std::vector<nn::TransformerEncoderLayer> layers;
  nn::Dense pool, last;

  Tensor operator()(const Tensor& i) const {
    Tensor x =
        norm(words(i) + positions(xg::arange(0, static_cast<double>(i.dim(1)), 1, xg::int64)) + types(zeros_like(i)));
    for (const nn::TransformerEncoderLayer& layer : layers) {
      x = layer(x, {.keys = not_equal(i, xg::zeros_like(i))});
    }
    return last(tanh(pool(x.at({xg::all, 0}))));
  }
};

}  // namespace

TEST_CASE("LSTM over words: PyTorch's figures") {
  check_recurrent<nn::LSTM>("LSTM");
}

TEST_CASE("GRU over words: PyTorch's figures") {
  check_recurrent<nn::GRU>("GRU");
}

TEST_CASE("GPT-2: PyTorch's figures") {
  xg::Random random{1};
  const GPT2 model{table(words, width, random),
                   table(64, width, random),
                   {GPT2Block{random}, GPT2Block{random}},
                   nn::LayerNorm{width, {.dtype = float64}}};
  const Tensor i = reproducible::integers(1, {2, 8}, words);
  const Tensor labels = reproducible::integers(2, {2, 8}, words);
  check("GPT-2", model, [&](const GPT2& net) { return predicted(net(i), labels); });
}

TEST_CASE("Llama block with RMS norms, rotary positions and SwiGLU: PyTorch's figures") {
  xg::Random random{1};
  const auto square = [&] { return nn::Dense{width, width, random, without_bias}; };
  const Llama model{table(words, width, random),
                    xg::Parameter{xg::ones({width}, float64), "gain"},
                    square(),
                    square(),
                    square(),
                    square(),
                    nn::Dense{width, 64, random, without_bias},
                    nn::Dense{width, 64, random, without_bias},
                    nn::Dense{64, width, random, without_bias},
                    nn::Dense{width, words, random, without_bias}};
  const Tensor i = reproducible::integers(1, {2, 8}, words);
  const Tensor labels = reproducible::integers(2, {2, 8}, words);
  check("Llama", model, [&](const Llama& net) { return predicted(net(i), labels); });
}

TEST_CASE("BERT with padding: PyTorch's figures") {
  xg::Random random{1};
  const nn::TransformerOptions options{
      .hidden = 64, .dropout = 0, .activation = nn::FeedForwardActivation::gelu, .dtype = float64};
  std::vector<nn::TransformerEncoderLayer> layers;
  layers.emplace_back(width, heads, random, options);
  layers.emplace_back(width, heads, random, options);
  const BERT model{nn::Embedding{words, width, random, {.padding = 0, .dtype = float64}},
                   table(64, width, random),
                   table(2, width, random),
                   nn::LayerNorm{width, {.dtype = float64}},
                   std::move(layers),
                   nn::Dense{width, width, random, in_float64},
                   nn::Dense{width, 2, random, in_float64}};
  const Tensor i = reproducible::integers(1, {3, 8}, 5);
  const Tensor labels = reproducible::integers(2, {3}, 2);
  check("BERT", model, [&](const BERT& net) {
    const Tensor z = net(i);
    return Result{z, nn::CrossEntropy{}(z, labels)};
  });
}
