#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "xgrad/export.hpp"
#include "xgrad/nn/reduction.hpp"
#include "xgrad/tensor.hpp"

/// Ten layers and their backward passes, by hand on plain arrays: no graph, no automatic differentiation, no code of
/// the layers. They are what check::compare_backward() may put beside the layers of nn, and beside formulas of yours.
///
/// Tensors are plain values here, float32 or float64, all of one dtype (DTypeError); a bias or weight that is undefined
/// is left out, and so is its gradient. `dy` is the cotangent of the output, ∂Loss/∂y, of y's shape; dx is ∂Loss/∂x of
/// x's shape, and so on. Sums are taken in float64 for both dtypes, in the order in which the formulas say them, and
/// rounded once. Shapes that don't fit are a ShapeError, options and indices out of range a ValueError; each names the
/// function. Every derivation stands in the function's source, src/check/layers/.
namespace xgrad::check::manual {

/// What the elements around x are, as PaddingMode says.
enum class Outside : std::uint8_t { zeros, reflect, replicate, circular };

/// A list of one number is for all spatial axes.
struct ConvolutionOptions {
  std::vector<std::int64_t> stride = {1};
  std::vector<std::pair<std::int64_t, std::int64_t>> padding = {{0, 0}};  ///< before and behind
  std::vector<std::int64_t> dilation = {1};
  std::int64_t groups = 1;
  Outside outside = Outside::zeros;
};
struct Convolution {
  Tensor y, dx, dweight, dbias;
};
/// y[n, o, p] = b[o] + Σ_{c, k} w[o, c, k] x[n, c, p · stride − before + k · dilation], for x (N, C, *spatial) or
/// (C, *spatial), w (out, C / groups, *kernel) with one to three spatial axes, b (out). LeCun et al., Neural
/// Computation 1, 1989; Goodfellow, Bengio and Courville, Deep Learning, 2016, section 9.5.
[[nodiscard]] XGRAD_API Convolution convolution(const Tensor& x, const Tensor& weight, const Tensor& bias,
                                                const Tensor& dy, const ConvolutionOptions& options = {});

/// One number per spatial axis, or one for all but of the kernel.
struct MaxPoolOptions {
  std::vector<std::int64_t> kernel;
  std::vector<std::int64_t> stride = {};  ///< none: the kernel
  std::vector<std::int64_t> padding = {0};
  std::vector<std::int64_t> dilation = {1};
  bool ceil_mode = false;
};
struct MaxPool {
  Tensor y, dx;
};
/// y[p] = the largest x of window p over the last axes, of which there are as many as the kernel has numbers (1 to 3).
/// The first of equal ones, in row-major order, has the gradient. Goodfellow et al., as above, section 9.3.
[[nodiscard]] XGRAD_API MaxPool max_pool(const Tensor& x, const Tensor& dy, const MaxPoolOptions& options);

struct BatchNorm {
  Tensor y, dx, dweight, dbias;
  Tensor mean, var;  ///< of the batch, (C): μ and σ² = Σ (x − μ)² / n
};
/// y = (x − μ) / √(σ² + ε) ⊙ weight + bias per channel of x (N, C, …), with the batch's own μ and σ². Ioffe and
/// Szegedy, ICML 2015, section 3.
[[nodiscard]] XGRAD_API BatchNorm batch_norm(const Tensor& x, const Tensor& weight, const Tensor& bias,
                                             const Tensor& dy, double epsilon = 1e-5);
/// The same in inference: μ and σ² are the constants running_mean and running_var, (C).
[[nodiscard]] XGRAD_API BatchNorm batch_norm_inference(const Tensor& x, const Tensor& running_mean,
                                                       const Tensor& running_var, const Tensor& weight,
                                                       const Tensor& bias, const Tensor& dy, double epsilon = 1e-5);

struct LayerNorm {
  Tensor y, dx, dweight, dbias;
};
/// The same over the last `axes` axes of x, with weight and bias of their lengths. Ba, Kiros and Hinton, 2016, section
/// 3; Xu et al., NeurIPS 2019, section 3.
[[nodiscard]] XGRAD_API LayerNorm layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias,
                                             const Tensor& dy, std::int64_t axes = 1, double epsilon = 1e-5);

struct AttentionOptions {
  /// Broadcasts to (…, T_q, T_k). bool: true where a query may see a key. Floating: added to the scores.
  Tensor mask = {};
  bool causal = false;                         ///< query i sees the keys j ≤ i + (T_k − T_q)
  std::optional<double> scale = std::nullopt;  ///< of the scores; 1/√d unless told
};
struct Attention {
  Tensor y, dq, dk, dv;
};
/// y = P v with P = softmax(q kᵀ scale + mask) along the keys, for q (…, T_q, d), k (…, T_k, d), v (…, T_k, d_v); the
/// last axis before may be a multiple in q of what it is in k and v, whose heads are then shared by neighbours. A query
/// that sees no key has P = 0. Vaswani et al., NeurIPS 2017, section 3.2; dS: Dao et al., FlashAttention, NeurIPS 2022,
/// appendix B.2.
[[nodiscard]] XGRAD_API Attention attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& dy,
                                            const AttentionOptions& options = {});

/// The parameters of nn::MultiHeadAttention, or their gradients. Either in_proj_weight is defined, whose rows are those
/// of W_q, W_k and W_v, or the other three are.
struct AttentionParameters {
  Tensor in_proj_weight = {};
  Tensor q_proj_weight = {};
  Tensor k_proj_weight = {};
  Tensor v_proj_weight = {};
  Tensor in_proj_bias = {};
  Tensor out_proj_weight = {};
  Tensor out_proj_bias = {};
};
struct MultiHeadOptions {
  std::int64_t heads = 1;
  std::int64_t key_heads = 0;  ///< 0: as many as heads
  bool causal = false;
  Tensor mask = {};  ///< broadcasts to (N, heads, T_q, T_k), as AttentionOptions::mask
  Tensor keys = {};  ///< (N, T_k), bool: false where a key is padding
};
struct MultiHeadAttention {
  Tensor y, dquery, dkey, dvalue;  ///< self-attention's dx is the sum of the three
  AttentionParameters gradients;
};
/// y = W_o [y₁; …; y_H] + b_o with the attention y_h of head h of q = W_q query + b_q, k = W_k key + b_k and
/// v = W_v value + b_v; (N, T, width) all. Vaswani et al., as above.
[[nodiscard]] XGRAD_API MultiHeadAttention multi_head_attention(const Tensor& query, const Tensor& key,
                                                                const Tensor& value,
                                                                const AttentionParameters& parameters, const Tensor& dy,
                                                                const MultiHeadOptions& options);

/// The parameters of a cell of nn, or their gradients: (gates · hidden, in), (gates · hidden, hidden), (gates · hidden)
/// twice.
struct CellParameters {
  Tensor weight_ih, weight_hh;
  Tensor bias_ih = {};
  Tensor bias_hh = {};
};
struct SequenceOptions {
  bool reverse = false;  ///< from the last step to the first
  Tensor lengths = {};   ///< (N), int64, each in [0, T]: y is 0 behind a sequence's end
};
/// ∂Loss/∂ of what a recurrent layer gives; an undefined one is 0.
struct SequenceCotangents {
  Tensor y = {};  ///< (N, T, hidden)
  Tensor h = {};  ///< of the last carry, (N, hidden)
  Tensor c = {};  ///< likewise, of an LSTM
};
struct Lstm {
  Tensor y, h, c;  ///< all outputs, and the last carry
  Tensor dx, dh0, dc0;
  CellParameters gradients;
};
/// All steps of one layer, x (N, T, in), from the carry h0, c0 (N, hidden), or 0 if undefined, by backpropagation
/// through time; gates i f g o. Hochreiter and Schmidhuber, Neural Computation 9, 1997; Gers et al., 2000; Werbos,
/// Proceedings of the IEEE 78, 1990; Greff et al., IEEE TNNLS 28, 2017, section II.
[[nodiscard]] XGRAD_API Lstm lstm(const Tensor& x, const CellParameters& parameters, const Tensor& h0, const Tensor& c0,
                                  const SequenceCotangents& cotangents, const SequenceOptions& options = {});
struct Gru {
  Tensor y, h;
  Tensor dx, dh0;
  CellParameters gradients;
};
/// Likewise, gates r z n, the reset gate behind the product. Cho et al., EMNLP 2014; Chung et al., 2014.
[[nodiscard]] XGRAD_API Gru gru(const Tensor& x, const CellParameters& parameters, const Tensor& h0,
                                const SequenceCotangents& cotangents, const SequenceOptions& options = {});

struct Embedding {
  Tensor y, dweight;
};
/// y[…] = the row of weight (count, width) at the index; int64, negative ones count from the back. The row `padding`
/// has no gradient. Bengio et al., JMLR 3, 2003, section 3.
[[nodiscard]] XGRAD_API Embedding embedding(const Tensor& weight, const Tensor& indices, const Tensor& dy,
                                            std::optional<std::int64_t> padding = std::nullopt);

struct Cholesky {
  Tensor l, da;
};
/// L Lᵀ = ½ (A + Aᵀ), lower triangular with a positive diagonal, for A (…, n, n); `dl` is ∂Loss/∂L, and da is
/// symmetric. Throws ValueError unless that matrix is positive definite. Murray, Differentiation of the Cholesky
/// decomposition, 2016, section 3.
[[nodiscard]] XGRAD_API Cholesky cholesky(const Tensor& a, const Tensor& dl);

struct CrossEntropyOptions {
  nn::Reduction reduction = nn::Reduction::mean;
  Tensor class_weights = {};  ///< (C)
  Tensor weights = {};        ///< one per sample, of the shape of the losses
  std::optional<std::int64_t> ignore_index = std::nullopt;
  double label_smoothing = 0;
  std::int64_t axis = 1;  ///< of the classes, unless z is a vector
};
struct CrossEntropy {
  Tensor loss, dz;
};
/// −Σ_c w_c y_c log softmax(z)_c of each sample of logits z (C), (N, C, …), as nn::CrossEntropy says; the target has
/// class indices (int64), or distributions of z's shape. `dloss` is the cotangent of the loss: a scalar, or one per
/// sample without reduction. Bridle, NeurIPS 1989; Szegedy et al., CVPR 2016, section 7.
[[nodiscard]] XGRAD_API CrossEntropy cross_entropy(const Tensor& z, const Tensor& target, const Tensor& dloss,
                                                   const CrossEntropyOptions& options = {});

}  // namespace xgrad::check::manual
