#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "xgrad/dtype.hpp"
#include "xgrad/export.hpp"
#include "xgrad/nn/functional.hpp"
#include "xgrad/nn/initializers.hpp"
#include "xgrad/nn/mode.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/random.hpp"
#include "xgrad/state.hpp"
#include "xgrad/tensor.hpp"

namespace xgrad::nn {

struct MultiHeadAttentionOptions {
  std::int64_t key_heads = 0;    ///< of keys and values, a divisor of the heads; 0: as many as heads
  std::int64_t key_width = 0;    ///< of the vectors that keys are made of; 0: the width
  std::int64_t value_width = 0;  ///< of those that values are made of; 0: the width
  bool use_bias = true;
  bool causal = false;
  double dropout = 0;      ///< of the weights, in training
  double rotary_base = 0;  ///< above 0: queries and keys are turned by their positions; see rotary_embedding()
  RotaryPairs rotary_pairs = RotaryPairs::interleaved;
  DType dtype = float32;
  Initializer weight = init::glorot;  ///< of each of the four matrices
};

/// Which keys a query may see; undefined: all.
struct AttentionMasks {
  Tensor mask =
      {};  ///< (T_q, T_k), (N, heads, T_q, T_k) or (N · heads, T_q, T_k), 1 for any; as AttentionOptions::mask
  Tensor keys = {};  ///< (N, T_k), bool: true where a sequence has a key, false where it is padding
};

/// The keys and values of the positions so far, (N, key heads, T, width of a head). Empty at first.
struct KeyValueCache {
  Tensor keys = {};
  Tensor values = {};
  [[nodiscard]] std::int64_t length() const { return keys.defined() ? keys.dim(-2) : 0; }
};

/// A matrix (out, in) and a vector (out), which is undefined without bias.
struct Projection {
  Parameter weight;
  Parameter bias;
};

/// Multi-head attention (Vaswani et al., NeurIPS 2017): with x of (N, T, width) or (T, width), head h of H computes
/// attention(q_h, k_h, v_h) with the h-th part of q = x W_qᵀ + b_q, k and v; their concatenation goes through out_proj.
///
/// Names, shapes and order of rows are those of PyTorch's nn.MultiheadAttention, whose state_dict() fits as it is:
/// in_proj_weight is W_q over W_k over W_v. What differs: batches come first (its batch_first=True), bool masks are
/// true where a query may see a key (logical_not() of its), and a query that sees no key gives out_proj.bias (it: NaN).
class XGRAD_API MultiHeadAttention {
 public:
  Parameter in_proj_weight;  ///< ((heads + 2 key heads) · width of a head, width); undefined if the widths differ
  Parameter q_proj_weight;   ///< (width, width); defined if they do, as the next two
  Parameter k_proj_weight;   ///< (key heads · width of a head, key width)
  Parameter v_proj_weight;   ///< (key heads · width of a head, value width)
  Parameter in_proj_bias;    ///< ((heads + 2 key heads) · width of a head); undefined without bias
  Projection out_proj;       ///< (width, width)
  std::int64_t heads;
  std::int64_t key_heads;
  bool causal;
  double dropout;
  double rotary_base;
  RotaryPairs rotary_pairs;
  State random;  ///< where dropout's masks come from
  Mode mode = Mode::training;
  static constexpr std::array<std::string_view, 14> field_names{
      "in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight", "in_proj_bias", "out_proj", "heads",
      "key_heads",      "causal",        "dropout",       "rotary_base",   "rotary_pairs", "random",   "mode"};

  /// Throws ValueError unless width is a positive multiple of head_count, and that of the key heads; for rotary
  /// positions the width of a head is even.
  MultiHeadAttention(std::int64_t width, std::int64_t head_count, Random& source,
                     const MultiHeadAttentionOptions& options = {});

  [[nodiscard]] std::int64_t width() const { return out_proj.weight.shape()[0]; }

  /// Self-attention. Throws ShapeError, DTypeError.
  [[nodiscard]] Tensor operator()(const Tensor& x, const AttentionMasks& masks = {}) const;
  /// Queries from one sequence, keys and values from another, such as an encoder's.
  [[nodiscard]] Tensor operator()(const Tensor& query, const Tensor& key, const Tensor& value,
                                  const AttentionMasks& masks = {}) const;
  /// Self-attention of the next positions x (N, T, width), which see those in the cache, too: (y, the longer cache).
  /// Nothing is kept in the layer. In a causal layer, position by position gives what all at once does.
  [[nodiscard]] std::pair<Tensor, KeyValueCache> extend(const Tensor& x, const KeyValueCache& cache,
                                                        const AttentionMasks& masks = {}) const;

 private:
  [[nodiscard]] Tensor attend(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionMasks& masks) const;
  [[nodiscard]] Tensor positioned(const Tensor& x, std::int64_t first) const;
  [[nodiscard]] std::array<Tensor, 3> projected(const Tensor& query, const Tensor& key, const Tensor& value) const;
};

}  // namespace xgrad::nn
