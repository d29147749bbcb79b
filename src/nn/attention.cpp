#include "xgrad/nn/attention.hpp"

#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <optional>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/scope.hpp"

#include "nn/defined.hpp"
#include "nn/initial.hpp"

namespace xgrad::nn {

namespace {

constexpr const char* layer_name = "MultiHeadAttention";

void require_options(std::int64_t width, std::int64_t heads, std::int64_t key_heads,
                     const MultiHeadAttentionOptions& options) {
  if (width <= 0 || heads <= 0 || width % heads != 0) {
    throw ValueError(
        fmt::format("[{}] width {} in {} heads; expected a multiple, both positive", layer_name, width, heads));
  }
  if (key_heads <= 0 || heads % key_heads != 0) {
    throw ValueError(
        fmt::format("[{}] {} heads with {} of keys; expected a positive divisor", layer_name, heads, key_heads));
  }
  if (options.key_width < 0 || options.value_width < 0) {
    throw ValueError(fmt::format("[{}] keys of width {}, values of width {}; expected none below 0", layer_name,
                                 options.key_width, options.value_width));
  }
  if (!(options.dropout >= 0 && options.dropout <= 1)) {
    throw ValueError(fmt::format("[{}] dropout {}; it lies in [0, 1]", layer_name, options.dropout));
  }
  if (!(options.rotary_base >= 0) || !std::isfinite(options.rotary_base)) {
    throw ValueError(
        fmt::format("[{}] rotary base {}; expected 0 or a positive number", layer_name, options.rotary_base));
  }
  if (options.rotary_base > 0 && (width / heads) % 2 != 0) {
    throw ValueError(fmt::format("[{}] rotary positions with {} elements a head; expected an even number", layer_name,
                                 width / heads));
  }
}

// (N, T, width), and whether x is that or (T, width).
struct Batch {
  Tensor x;
  bool single;
};

Batch as_batch(const char* role, const Tensor& x, std::int64_t width) {
  require_defined(layer_name, role, x);
  if ((x.rank() != 2 && x.rank() != 3) || x.dim(-1) != width) {
    throw ShapeError(fmt::format("[{}] the {} is (N, T, {}) or (T, {}), not {}", layer_name, role, width, width,
                                 to_string(x.shape())));
  }
  const bool single = x.rank() == 2;
  return {single ? expand_dims(x, 0) : x, single};
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const Tensor z = matmul(x, transpose(weight));
  return bias.defined() ? z + bias : z;
}

// Rows [first, first + count) of an undefined or defined tensor.
Tensor rows(const Tensor& x, std::int64_t first, std::int64_t count) {
  return x.defined() ? slice(x, {.start = first, .stop = first + count, .step = 1}) : x;
}

Tensor value_of(const Parameter& parameter) {
  return parameter.defined() ? parameter.value() : Tensor{};
}

// (N, T, heads · d) → (N, heads, T, d).
Tensor in_heads(const Tensor& x, std::int64_t heads) {
  return permute(reshape(x, {x.dim(0), x.dim(1), heads, x.dim(2) / heads}), {0, 2, 1, 3});
}

// (N, heads, T, d) → (N, T, heads · d).
Tensor joined(const Tensor& x) {
  return reshape(permute(x, {0, 2, 1, 3}), {x.dim(0), x.dim(2), x.dim(1) * x.dim(3)});
}

// For scores (N, heads, T_q, T_k).
Tensor in_heads_of_mask(const Tensor& mask, const Shape& scores) {
  if (mask.rank() == 3 && mask.dim(0) == scores[0] * scores[1]) {
    return reshape(mask, {scores[0], scores[1], mask.dim(1), mask.dim(2)});
  }
  Shape common;
  if (mask.rank() == 3 || !broadcast(mask.shape(), scores, common) || common != scores) {
    throw ShapeError(
        fmt::format("[{}] the mask of scores {} is (T_q, T_k), (N, heads, T_q, T_k) or "
                    "(N · heads, T_q, T_k), not {}",
                    layer_name, to_string(scores), to_string(mask.shape())));
  }
  return mask;
}

Tensor combined(const AttentionMasks& masks, const Shape& scores) {
  Tensor mask = masks.mask.defined() ? in_heads_of_mask(masks.mask, scores) : Tensor{};
  if (!masks.keys.defined()) {
    return mask;
  }
  if (masks.keys.dtype() != boolean) {
    throw DTypeError(
        fmt::format("[{}] the mask of the keys is {}; expected bool", layer_name, to_string(masks.keys.dtype())));
  }
  const bool fits = masks.keys.rank() == 2 ? masks.keys.shape() == Shape{scores[0], scores[3]}
                                           : scores[0] == 1 && masks.keys.shape() == Shape{scores[3]};
  if (!fits) {
    throw ShapeError(fmt::format("[{}] the mask of the keys is ({}, {}), not {}", layer_name, scores[0], scores[3],
                                 to_string(masks.keys.shape())));
  }
  Tensor keys = reshape(masks.keys, {scores[0], 1, 1, scores[3]});
  if (!mask.defined()) {
    return keys;
  }
  return mask.dtype() == boolean ? logical_and(mask, keys)
                                 : where(keys, mask, -std::numeric_limits<double>::infinity());
}

}  // namespace

MultiHeadAttention::MultiHeadAttention(std::int64_t width, std::int64_t head_count, Random& source,
                                       const MultiHeadAttentionOptions& options)
    : heads{head_count},
      key_heads{options.key_heads == 0 ? head_count : options.key_heads},
      causal{options.causal},
      dropout{options.dropout},
      rotary_base{options.rotary_base},
      rotary_pairs{options.rotary_pairs} {
  require_options(width, heads, key_heads, options);
  const std::int64_t key_rows = width / heads * key_heads;
  const std::int64_t key_width = options.key_width == 0 ? width : options.key_width;
  const std::int64_t value_width = options.value_width == 0 ? width : options.value_width;
  const auto drawn = [&](const char* name, std::int64_t out, std::int64_t in) {
    return initial_value(layer_name, name, options.weight, Shape{out, in}, options.dtype, source);
  };
  const Tensor q = drawn("q_proj_weight", width, width);
  const Tensor k = drawn("k_proj_weight", key_rows, key_width);
  const Tensor v = drawn("v_proj_weight", key_rows, value_width);
  if (key_width == width && value_width == width) {
    in_proj_weight = Parameter{concatenate({q, k, v}, 0), "in_proj_weight"};
  } else {
    q_proj_weight = Parameter{q, "q_proj_weight"};
    k_proj_weight = Parameter{k, "k_proj_weight"};
    v_proj_weight = Parameter{v, "v_proj_weight"};
  }
  out_proj.weight = Parameter{drawn("out_proj.weight", width, width), "weight"};
  if (options.use_bias) {
    in_proj_bias = Parameter{zeros({width + 2 * key_rows}, options.dtype), "in_proj_bias"};
    out_proj.bias = Parameter{zeros({width}, options.dtype), "bias"};
  }
  random = source.split().state();
}

// In heads.
std::array<Tensor, 3> MultiHeadAttention::projected(const Tensor& query, const Tensor& key, const Tensor& value) const {
  const std::int64_t query_rows = width();
  const std::int64_t key_rows = query_rows / heads * key_heads;
  const Tensor bias = value_of(in_proj_bias);
  if (in_proj_weight.defined() && query.node() == key.node() && key.node() == value.node()) {
    const std::vector<Tensor> parts =
        split(linear(query, in_proj_weight, bias).named("Z"), {query_rows, key_rows, key_rows}, -1);
    return {in_heads(parts[0], heads).named("Q"), in_heads(parts[1], key_heads).named("K"),
            in_heads(parts[2], key_heads).named("V")};
  }
  const bool packed = in_proj_weight.defined();
  const auto weight = [&](const Parameter& own, std::int64_t first, std::int64_t count) {
    return packed ? rows(in_proj_weight, first, count) : own.value();
  };
  const std::int64_t values_from = query_rows + key_rows;
  return {
      in_heads(linear(query, weight(q_proj_weight, 0, query_rows), rows(bias, 0, query_rows)), heads).named("Q"),
      in_heads(linear(key, weight(k_proj_weight, query_rows, key_rows), rows(bias, query_rows, key_rows)), key_heads)
          .named("K"),
      in_heads(linear(value, weight(v_proj_weight, values_from, key_rows), rows(bias, values_from, key_rows)),
               key_heads)
          .named("V")};
}

Tensor MultiHeadAttention::positioned(const Tensor& x, std::int64_t first) const {
  if (rotary_base == 0) {
    return x;
  }
  const Tensor positions = arange(static_cast<double>(first), static_cast<double>(first + x.dim(-2)), 1, int64);
  return rotary_embedding(x, positions, rotary_base, rotary_pairs);
}

Tensor MultiHeadAttention::attend(const Tensor& q, const Tensor& k, const Tensor& v,
                                  const AttentionMasks& masks) const {
  if (!(dropout >= 0 && dropout <= 1)) {
    throw ValueError(fmt::format("[{}] dropout {}; it lies in [0, 1]", layer_name, dropout));
  }
  const Shape scores{q.dim(0), heads, q.dim(2), k.dim(2)};
  const bool drops = mode == Mode::training && dropout > 0;
  std::optional<Random> source;
  if (drops) {
    source.emplace(random);
  }
  const Tensor y = attention(q, k, v,
                             {.causal = causal,
                              .mask = combined(masks, scores),
                              .scale = std::nullopt,
                              .dropout = drops ? dropout : 0,
                              .random = drops ? &*source : nullptr});
  return linear(joined(y.named("O")), out_proj.weight, value_of(out_proj.bias));
}

Tensor MultiHeadAttention::operator()(const Tensor& x, const AttentionMasks& masks) const {
  return (*this)(x, x, x, masks);
}

Tensor MultiHeadAttention::operator()(const Tensor& query, const Tensor& key, const Tensor& value,
                                      const AttentionMasks& masks) const {
  const Scope scope{layer_name, Scope::Role::layer};
  const bool packed = in_proj_weight.defined();
  const auto [q, single] = as_batch("query", query, width());
  const Tensor k = key.defined() && key.node() == query.node()
                       ? q
                       : as_batch("key", key, packed ? width() : k_proj_weight.shape()[1]).x;
  const bool same = value.defined() && value.node() == key.node();
  const Tensor v = same && packed ? k : as_batch("value", value, packed ? width() : v_proj_weight.shape()[1]).x;
  if (query.rank() != key.rank() || key.rank() != value.rank() || q.dim(0) != k.dim(0) || k.dim(0) != v.dim(0) ||
      k.dim(1) != v.dim(1)) {
    throw ShapeError(
        fmt::format("[{}] found a query {}, a key {}, a value {}; expected equally many sequences, keys "
                    "and values of one length",
                    layer_name, to_string(query.shape()), to_string(key.shape()), to_string(value.shape())));
  }
  const std::array<Tensor, 3> parts = projected(q, k, v);
  const Tensor y = attend(positioned(parts[0], 0), positioned(parts[1], 0), parts[2], masks);
  return single ? squeeze(y, 0) : y;
}

std::pair<Tensor, KeyValueCache> MultiHeadAttention::extend(const Tensor& x, const KeyValueCache& cache,
                                                            const AttentionMasks& masks) const {
  const Scope scope{layer_name, Scope::Role::layer};
  if (!in_proj_weight.defined()) {
    throw ValueError(
        fmt::format("[{}] extend() of keys and values of another width than the queries; it is for "
                    "self-attention",
                    layer_name));
  }
  const auto [batch, single] = as_batch("input", x, width());
  const std::int64_t before = cache.length();
  const std::array<Tensor, 3> parts = projected(batch, batch, batch);
  const Tensor q = positioned(parts[0], before);
  KeyValueCache longer{positioned(parts[1], before), parts[2]};
  if (cache.keys.defined() || cache.values.defined()) {
    const Shape expected{batch.dim(0), key_heads, before, width() / heads};
    if (!cache.values.defined() || cache.keys.shape() != expected || cache.values.shape() != expected) {
      throw ShapeError(fmt::format("[{}] the cache of {} holds keys and values {}, not {} and {}", layer_name,
                                   to_string(x.shape()), to_string(expected), to_string(cache.keys.shape()),
                                   cache.values.defined() ? to_string(cache.values.shape()) : "none"));
    }
    longer = {concatenate({cache.keys, longer.keys}, -2), concatenate({cache.values, longer.values}, -2)};
  }
  const Tensor y = attend(q, longer.keys, longer.values, masks);
  return {single ? squeeze(y, 0) : y, longer};
}

}  // namespace xgrad::nn
