#include "xgrad/nn/transformer.hpp"

#include <fmt/format.h>
#include <numbers>
#include <string>

#include "xgrad/error.hpp"
#include "xgrad/math.hpp"
#include "xgrad/scope.hpp"

#include "nn/defined.hpp"

namespace xgrad::nn {

namespace {

// The one place that knows how they are computed.
Tensor activated(const Tensor& x, FeedForwardActivation activation) {
  switch (activation) {
    case FeedForwardActivation::relu: {
      const Scope scope{"ReLU", Scope::Role::activation};
      return relu(x);
    }
    case FeedForwardActivation::gelu: {
      const Scope scope{"GELU", Scope::Role::activation};
      return x * (0.5 * (1.0 + erf(x * (1 / std::numbers::sqrt2))));
    }
    case FeedForwardActivation::silu:
      break;
  }
  const Scope scope{"SiLU", Scope::Role::activation};
  return x * sigmoid(x);
}

MultiHeadAttentionOptions attention_options(const TransformerOptions& options, bool causal, bool rotary) {
  return {.key_heads = options.key_heads,
          .key_width = 0,
          .value_width = 0,
          .use_bias = options.use_bias,
          .causal = causal,
          .dropout = options.dropout,
          .rotary_base = rotary ? options.rotary_base : 0,
          .rotary_pairs = options.rotary_pairs,
          .dtype = options.dtype,
          .weight = options.weight};
}

DenseOptions dense_options(const TransformerOptions& options) {
  return {.dtype = options.dtype, .weight = options.weight, .bias = init::zeros, .use_bias = options.use_bias};
}

NormOptions norm_options(const TransformerOptions& options) {
  return {.epsilon = options.epsilon, .affine = true, .dtype = options.dtype};
}

std::int64_t hidden_width(const char* layer, std::int64_t width, const TransformerOptions& options) {
  if (options.hidden < 0) {
    throw ValueError(fmt::format("[{}] {} hidden values; expected a positive number, or 0 for four times the width",
                                 layer, options.hidden));
  }
  return options.hidden == 0 ? 4 * width : options.hidden;
}

// norm(x + dropout(f(x))), or x + dropout(f(norm(x))).
template <class F>
Tensor with_residual(const Tensor& x, const LayerNorm& norm, const Dropout& dropout, bool pre_norm, const F& f) {
  return pre_norm ? x + dropout(f(norm(x))) : norm(x + dropout(f(x)));
}

template <class L>
Tensor feed_forward(const L& layer, const Tensor& x) {
  return layer.linear2(layer.dropout(activated(layer.linear1(x), layer.activation)));
}

void require_count(const char* name, std::int64_t count) {
  if (count < 0) {
    throw ValueError(fmt::format("[{}] {} layers; expected none or more", name, count));
  }
}

std::optional<LayerNorm> last_norm(std::int64_t width, const TransformerOptions& options) {
  return options.final_norm.value_or(options.pre_norm) ? std::optional{LayerNorm{width, norm_options(options)}}
                                                       : std::nullopt;
}

// f(layer, x) one after the other, and the norm.
template <class Model, class F>
Tensor through(const char* name, const Model& model, Tensor x, const F& f) {
  require_defined(name, "input", x);
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const Scope scope{std::to_string(i), Scope::Role::layer};
    x = f(model.layers[i], x);
  }
  return model.norm ? (*model.norm)(x) : x;
}

// The same with f(layer, x, cache) that gives x and a longer cache.
template <class Model, class F>
std::pair<Tensor, std::vector<KeyValueCache>> extended(const char* name, const Model& model, const Tensor& x,
                                                       const std::vector<KeyValueCache>& caches, const F& f) {
  if (!caches.empty() && caches.size() != model.layers.size()) {
    throw ShapeError(fmt::format("[{}] {} caches of {} layers; expected none or one each", name, caches.size(),
                                 model.layers.size()));
  }
  std::vector<KeyValueCache> longer;
  Tensor y = through(name, model, x, [&](const auto& layer, const Tensor& in) {
    const std::size_t i = longer.size();
    auto [out, cache] = f(layer, in, caches.empty() ? KeyValueCache{} : caches[i]);
    longer.push_back(std::move(cache));
    return out;
  });
  return {std::move(y), std::move(longer)};
}

}  // namespace

TransformerEncoderLayer::TransformerEncoderLayer(std::int64_t width, std::int64_t heads, Random& random,
                                                 const TransformerOptions& options)
    : self_attn{width, heads, random, attention_options(options, options.causal.value_or(false), true)},
      linear1{width, hidden_width("TransformerEncoderLayer", width, options), random, dense_options(options)},
      linear2{hidden_width("TransformerEncoderLayer", width, options), width, random, dense_options(options)},
      norm1{width, norm_options(options)},
      norm2{width, norm_options(options)},
      dropout{options.dropout, random},
      dropout1{options.dropout, random},
      dropout2{options.dropout, random},
      activation{options.activation},
      pre_norm{options.pre_norm} {}

namespace {

// `attend` is the self-attention.
template <class F>
Tensor encoded(const TransformerEncoderLayer& layer, const Tensor& x, const F& attend) {
  const Scope scope{"TransformerEncoderLayer", Scope::Role::layer};
  require_defined("TransformerEncoderLayer", "input", x);
  const Tensor h = with_residual(x, layer.norm1, layer.dropout1, layer.pre_norm, attend);
  return with_residual(h, layer.norm2, layer.dropout2, layer.pre_norm,
                       [&](const Tensor& in) { return feed_forward(layer, in); });
}

// `attend` is the self-attention, without the memory.
template <class F>
Tensor decoded(const TransformerDecoderLayer& layer, const Tensor& x, const Tensor& memory, const AttentionMasks& masks,
               const F& attend) {
  const Scope scope{"TransformerDecoderLayer", Scope::Role::layer};
  require_defined("TransformerDecoderLayer", "input", x);
  require_defined("TransformerDecoderLayer", "memory", memory);
  const Tensor own = with_residual(x, layer.norm1, layer.dropout1, layer.pre_norm, attend);
  const Tensor h = with_residual(own, layer.norm2, layer.dropout2, layer.pre_norm,
                                 [&](const Tensor& in) { return layer.multihead_attn(in, memory, memory, masks); });
  return with_residual(h, layer.norm3, layer.dropout3, layer.pre_norm,
                       [&](const Tensor& in) { return feed_forward(layer, in); });
}

// The self-attention of the next positions, which leaves the longer cache in `longer`.
auto extending(const MultiHeadAttention& attention, const KeyValueCache& cache, const AttentionMasks& masks,
               KeyValueCache& longer) {
  return [&attention, &cache, &masks, &longer](const Tensor& in) {
    auto [out, next] = attention.extend(in, cache, masks);
    longer = std::move(next);
    return out;
  };
}

}  // namespace

Tensor TransformerEncoderLayer::operator()(const Tensor& x, const AttentionMasks& masks) const {
  return encoded(*this, x, [&](const Tensor& in) { return self_attn(in, masks); });
}

std::pair<Tensor, KeyValueCache> TransformerEncoderLayer::extend(const Tensor& x, const KeyValueCache& cache,
                                                                 const AttentionMasks& masks) const {
  KeyValueCache longer;
  Tensor y = encoded(*this, x, extending(self_attn, cache, masks, longer));
  return {std::move(y), std::move(longer)};
}

TransformerEncoder::TransformerEncoder(std::int64_t count, std::int64_t width, std::int64_t heads, Random& random,
                                       const TransformerOptions& options)
    : norm{last_norm(width, options)} {
  require_count("TransformerEncoder", count);
  for (std::int64_t i = 0; i < count; ++i) {
    layers.emplace_back(width, heads, random, options);
  }
}

Tensor TransformerEncoder::operator()(const Tensor& x, const AttentionMasks& masks) const {
  return through("TransformerEncoder", *this, x,
                 [&](const TransformerEncoderLayer& layer, const Tensor& in) { return layer(in, masks); });
}

std::pair<Tensor, std::vector<KeyValueCache>> TransformerEncoder::extend(const Tensor& x,
                                                                         const std::vector<KeyValueCache>& caches,
                                                                         const AttentionMasks& masks) const {
  return extended("TransformerEncoder", *this, x, caches,
                  [&](const TransformerEncoderLayer& layer, const Tensor& in, const KeyValueCache& cache) {
                    return layer.extend(in, cache, masks);
                  });
}

TransformerDecoderLayer::TransformerDecoderLayer(std::int64_t width, std::int64_t heads, Random& random,
                                                 const TransformerOptions& options)
    : self_attn{width, heads, random, attention_options(options, options.causal.value_or(true), true)},
      multihead_attn{width, heads, random, attention_options(options, false, false)},
      linear1{width, hidden_width("TransformerDecoderLayer", width, options), random, dense_options(options)},
      linear2{hidden_width("TransformerDecoderLayer", width, options), width, random, dense_options(options)},
      norm1{width, norm_options(options)},
      norm2{width, norm_options(options)},
      norm3{width, norm_options(options)},
      dropout{options.dropout, random},
      dropout1{options.dropout, random},
      dropout2{options.dropout, random},
      dropout3{options.dropout, random},
      activation{options.activation},
      pre_norm{options.pre_norm} {}

Tensor TransformerDecoderLayer::operator()(const Tensor& x, const Tensor& memory, const DecoderMasks& masks) const {
  return decoded(*this, x, memory, masks.memory, [&](const Tensor& in) { return self_attn(in, masks.self); });
}

std::pair<Tensor, KeyValueCache> TransformerDecoderLayer::extend(const Tensor& x, const Tensor& memory,
                                                                 const KeyValueCache& cache,
                                                                 const DecoderMasks& masks) const {
  KeyValueCache longer;
  Tensor y = decoded(*this, x, memory, masks.memory, extending(self_attn, cache, masks.self, longer));
  return {std::move(y), std::move(longer)};
}

TransformerDecoder::TransformerDecoder(std::int64_t count, std::int64_t width, std::int64_t heads, Random& random,
                                       const TransformerOptions& options)
    : norm{last_norm(width, options)} {
  require_count("TransformerDecoder", count);
  for (std::int64_t i = 0; i < count; ++i) {
    layers.emplace_back(width, heads, random, options);
  }
}

Tensor TransformerDecoder::operator()(const Tensor& x, const Tensor& memory, const DecoderMasks& masks) const {
  return through("TransformerDecoder", *this, x,
                 [&](const TransformerDecoderLayer& layer, const Tensor& in) { return layer(in, memory, masks); });
}

std::pair<Tensor, std::vector<KeyValueCache>> TransformerDecoder::extend(const Tensor& x, const Tensor& memory,
                                                                         const std::vector<KeyValueCache>& caches,
                                                                         const DecoderMasks& masks) const {
  return extended("TransformerDecoder", *this, x, caches,
                  [&](const TransformerDecoderLayer& layer, const Tensor& in, const KeyValueCache& cache) {
                    return layer.extend(in, memory, cache, masks);
                  });
}

}  // namespace xgrad::nn
