#pragma once

#include <cstdint>
#include <optional>

#include "xgrad/dtype.hpp"
#include "xgrad/export.hpp"
#include "xgrad/random.hpp"
#include "xgrad/shape.hpp"
#include "xgrad/tensor.hpp"

/// What the layers of normalization.hpp and attention.hpp compute, as functions of their parameters; float32, float64.
/// A weight or bias that is undefined is left out. Wrong shapes are a ShapeError, an epsilon that isn't positive a
/// ValueError.
namespace xgrad::nn {

/// x̂ ⊙ weight + bias with x̂ = (x − μ) / √(σ² + ε) over the last axes, whose lengths are `normalized` (Ba, Kiros and
/// Hinton, 2016). Weight and bias have that shape.
[[nodiscard]] XGRAD_API Tensor layer_norm(const Tensor& x, const Shape& normalized, const Tensor& weight = {},
                                          const Tensor& bias = {}, double epsilon = 1e-5);
/// x / √(mean(x²) + ε) ⊙ weight, likewise (Zhang and Sennrich, NeurIPS 2019).
[[nodiscard]] XGRAD_API Tensor rms_norm(const Tensor& x, const Shape& normalized, const Tensor& weight = {},
                                        double epsilon = 1e-5);
/// Of (N, C, …): each sample's channels in `groups` groups of neighbours, each normalised with all axes after them (Wu
/// and He, ECCV 2018). Weight and bias are (C).
[[nodiscard]] XGRAD_API Tensor group_norm(const Tensor& x, std::int64_t groups, const Tensor& weight = {},
                                          const Tensor& bias = {}, double epsilon = 1e-5);
/// Of (N, C, …): each channel of each sample over all axes after it, at least one (Ulyanov, Vedaldi and Lempitsky,
/// 2016). Weight and bias are (C).
[[nodiscard]] XGRAD_API Tensor instance_norm(const Tensor& x, const Tensor& weight = {}, const Tensor& bias = {},
                                             double epsilon = 1e-5);

struct AttentionOptions {
  /// Query i sees the keys j ≤ i + (T_k − T_q): the last query sees all, also if the queries are only the last ones of
  /// a sequence whose earlier keys come from a cache. (PyTorch 1.13 aligns the first ones.)
  bool causal = false;
  /// Broadcasts to (…, T_q, T_k). bool: true where a query may see a key. Floating: added to the scores, −∞ to hide.
  /// (The bool masks of PyTorch's nn.MultiheadAttention are true where it may not: logical_not() of those.)
  Tensor mask = {};
  std::optional<double> scale = std::nullopt;  ///< of the scores; 1/√d unless told
  double dropout = 0;                          ///< the probability that a weight is dropped, as by Dropout
  Random* random = nullptr;                    ///< where the dropped ones are drawn from; needed for a dropout above 0
};

/// softmax(q kᵀ scale + mask) v over the keys, for q (…, T_q, d), k (…, T_k, d), v (…, T_k, d_v) → (…, T_q, d_v)
/// (Vaswani et al., NeurIPS 2017). The axes before are equal; but the last of them, the heads, may be a multiple in q
/// of what it is in k and v: neighbouring queries' heads then share one of the keys' (Ainslie et al., EMNLP 2023).
///
/// A query that sees no key gives 0, and gradient 0; PyTorch gives NaN.
[[nodiscard]] XGRAD_API Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                         const AttentionOptions& options = {});

/// Which elements of a vector are rotated together.
enum class RotaryPairs : std::uint8_t {
  interleaved,  ///< x₂ᵢ with x₂ᵢ₊₁: the paper's, and GPT-J's
  halves,       ///< xᵢ with xᵢ₊d/₂: GPT-NeoX's, and Llama's in Hugging Face's layout
};

/// Pair i of every vector turned by the angle position · base^(−2i/d) (Su et al., RoFormer, 2021). x is (…, T, d) with
/// an even d (ShapeError); positions, int64 or floating, broadcast to (…, T). Angles are computed in float64.
[[nodiscard]] XGRAD_API Tensor rotary_embedding(const Tensor& x, const Tensor& positions, double base = 10000,
                                                RotaryPairs pairs = RotaryPairs::interleaved);

/// (count, width): sin(t / 10000^(2i/width)) in column 2i, the cosine in column 2i + 1 (Vaswani et al., NeurIPS 2017).
/// Throws ValueError unless the width is even and positive, and the count not negative.
[[nodiscard]] XGRAD_API Tensor sinusoidal_positions(std::int64_t count, std::int64_t width, DType dtype = float32);

}  // namespace xgrad::nn
