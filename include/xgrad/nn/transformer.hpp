#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "xgrad/dtype.hpp"
#include "xgrad/export.hpp"
#include "xgrad/nn/attention.hpp"
#include "xgrad/nn/dropout.hpp"
#include "xgrad/nn/initializers.hpp"
#include "xgrad/nn/layers.hpp"
#include "xgrad/nn/normalization.hpp"
#include "xgrad/random.hpp"
#include "xgrad/tensor.hpp"

/// Transformers (Vaswani et al., NeurIPS 2017). Fields are called as in PyTorch, so that a state_dict() fits by its
/// names, with W and b for the weight and bias of linear1 and linear2. Batches come first; masks are those of
/// attention.hpp.
namespace xgrad::nn {

enum class FeedForwardActivation : std::uint8_t {
  relu,
  gelu,  ///< x Φ(x), with the normal distribution's Φ (Hendrycks and Gimpel, 2016)
  silu,  ///< x σ(x)
};

struct TransformerOptions {
  std::int64_t hidden = 0;  ///< the feed-forward part's width; 0: four times the width
  double dropout = 0.1;     ///< of the attention's weights, and after each part
  FeedForwardActivation activation = FeedForwardActivation::relu;
  bool pre_norm = false;                      ///< x + f(norm(x)) instead of norm(x + f(x)): see Xiong et al., ICML 2020
  std::optional<bool> causal = std::nullopt;  ///< of the self-attention; unless told, a decoder is, an encoder isn't
  std::int64_t key_heads = 0;                 ///< see MultiHeadAttentionOptions, as the next three
  double rotary_base = 0;
  RotaryPairs rotary_pairs = RotaryPairs::interleaved;
  bool use_bias = true;
  std::optional<bool> final_norm =
      std::nullopt;       ///< of a whole encoder or decoder; unless told, one with pre_norm has it
  double epsilon = 1e-5;  ///< of the norms
  DType dtype = float32;
  Initializer weight = init::glorot;
};

/// Self-attention and a feed-forward part on (N, T, width) or (T, width).
class XGRAD_API TransformerEncoderLayer {
 public:
  MultiHeadAttention self_attn;
  Dense linear1;  ///< width → hidden
  Dense linear2;  ///< hidden → width
  LayerNorm norm1;
  LayerNorm norm2;
  Dropout dropout;   ///< of the hidden values
  Dropout dropout1;  ///< of the attention's result
  Dropout dropout2;  ///< of the feed-forward part's
  FeedForwardActivation activation;
  bool pre_norm;
  static constexpr std::array<std::string_view, 10> field_names{
      "self_attn", "linear1", "linear2", "norm1", "norm2", "dropout", "dropout1", "dropout2", "activation", "pre_norm"};

  /// Throws ValueError as MultiHeadAttention does, and for a negative hidden width.
  TransformerEncoderLayer(std::int64_t width, std::int64_t heads, Random& random,
                          const TransformerOptions& options = {});

  [[nodiscard]] Tensor operator()(const Tensor& x, const AttentionMasks& masks = {}) const;
  /// The next positions: see MultiHeadAttention::extend().
  [[nodiscard]] std::pair<Tensor, KeyValueCache> extend(const Tensor& x, const KeyValueCache& cache,
                                                        const AttentionMasks& masks = {}) const;
};

/// Layers one after the other, then a norm, if there is one. A causal one is a decoder-only language model's body.
class XGRAD_API TransformerEncoder {
 public:
  std::vector<TransformerEncoderLayer> layers;
  std::optional<LayerNorm> norm;
  static constexpr std::array<std::string_view, 2> field_names{"layers", "norm"};

  /// Throws ValueError for a negative count of layers, and as a layer does.
  TransformerEncoder(std::int64_t count, std::int64_t width, std::int64_t heads, Random& random,
                     const TransformerOptions& options = {});

  [[nodiscard]] Tensor operator()(const Tensor& x, const AttentionMasks& masks = {}) const;
  /// One cache per layer, none at first. Throws ShapeError for another number of them.
  [[nodiscard]] std::pair<Tensor, std::vector<KeyValueCache>> extend(const Tensor& x,
                                                                     const std::vector<KeyValueCache>& caches,
                                                                     const AttentionMasks& masks = {}) const;
};

struct DecoderMasks {
  AttentionMasks self = {};
  AttentionMasks memory = {};
};

/// Self-attention, attention to an encoder's result (N, S, width), and a feed-forward part. Causal unless told
/// otherwise; PyTorch's is only with a mask for it.
class XGRAD_API TransformerDecoderLayer {
 public:
  MultiHeadAttention self_attn;
  MultiHeadAttention multihead_attn;  ///< to the memory
  Dense linear1;
  Dense linear2;
  LayerNorm norm1;
  LayerNorm norm2;
  LayerNorm norm3;
  Dropout dropout;
  Dropout dropout1;
  Dropout dropout2;
  Dropout dropout3;
  FeedForwardActivation activation;
  bool pre_norm;
  static constexpr std::array<std::string_view, 13> field_names{
      "self_attn", "multihead_attn", "linear1",  "linear2",  "norm1",      "norm2",   "norm3",
      "dropout",   "dropout1",       "dropout2", "dropout3", "activation", "pre_norm"};

  TransformerDecoderLayer(std::int64_t width, std::int64_t heads, Random& random,
                          const TransformerOptions& options = {});

  [[nodiscard]] Tensor operator()(const Tensor& x, const Tensor& memory, const DecoderMasks& masks = {}) const;
  [[nodiscard]] std::pair<Tensor, KeyValueCache> extend(const Tensor& x, const Tensor& memory,
                                                        const KeyValueCache& cache,
                                                        const DecoderMasks& masks = {}) const;
};

class XGRAD_API TransformerDecoder {
 public:
  std::vector<TransformerDecoderLayer> layers;
  std::optional<LayerNorm> norm;
  static constexpr std::array<std::string_view, 2> field_names{"layers", "norm"};

  TransformerDecoder(std::int64_t count, std::int64_t width, std::int64_t heads, Random& random,
                     const TransformerOptions& options = {});

  [[nodiscard]] Tensor operator()(const Tensor& x, const Tensor& memory, const DecoderMasks& masks = {}) const;
  [[nodiscard]] std::pair<Tensor, std::vector<KeyValueCache>> extend(const Tensor& x, const Tensor& memory,
                                                                     const std::vector<KeyValueCache>& caches,
                                                                     const DecoderMasks& masks = {}) const;
};

}  // namespace xgrad::nn
