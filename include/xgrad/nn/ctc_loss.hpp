#pragma once

#include <cstdint>

#include "xgrad/export.hpp"
#include "xgrad/nn/reduction.hpp"
#include "xgrad/tensor.hpp"

namespace xgrad::nn {

/// Connectionist temporal classification: −log of the probability of all alignments of a label sequence with T frames,
/// by the forward algorithm in logarithms. Graves et al., ICML 2006, section 4.1.
///
/// log_probs (T, N, C) of float32 or float64; targets int64 (N, S), whose entries beyond a target's length don't
/// matter; input_lengths in [0, T] and target_lengths in [0, S], both int64 (N). Throws DTypeError and ShapeError for
/// others, ValueError for a `blank` that is no class. Classes, which mustn't be the blank, and lengths are checked when
/// the loss is evaluated (ValueError).
///
/// The mean is over the batch, of each loss divided by its target's length (1 for an empty one), as PyTorch's is; `sum`
/// and `none` don't divide. Weights are (N).
///
/// A target that has no alignment, because its labels and the blanks between repeated ones are more than the frames,
/// has an infinite loss with the gradient 0, since no log-probabilities make it finite; PyTorch's gradient is NaN. With
/// `zero_infinity` the loss is 0, too.
///
/// A graph of some fifteen operations per frame.
struct XGRAD_API CTCLoss {
  Reduction reduction = Reduction::mean;
  std::int64_t blank = 0;
  bool zero_infinity = false;
  [[nodiscard]] Tensor operator()(const Tensor& log_probs, const Tensor& targets, const Tensor& input_lengths,
                                  const Tensor& target_lengths, const Tensor& weights = {}) const;
};

}  // namespace xgrad::nn
