#pragma once

#include "xgrad/export.hpp"
#include "xgrad/nn/reduction.hpp"
#include "xgrad/tensor.hpp"

/// Losses of distances and rankings. Tensors beside each other have one floating dtype (DTypeError) and shapes as said
/// here (ShapeError); nothing broadcasts. Embeddings are (features), which is one sample, or (N, …, features). Weights
/// have the shape that Reduction::none gives, or (N): one per element of its first axis. Derivatives are 0 where a
/// margin is just kept, and where a distance is 0.
namespace xgrad::nn {

/// max(0, m − y (a − b)) of every element, each a sample; y is 1 where a ranks higher and −1 where b does, checked when
/// it is evaluated.
struct XGRAD_API MarginRankingLoss {
  Reduction reduction = Reduction::mean;
  double margin = 0;
  [[nodiscard]] Tensor operator()(const Tensor& a, const Tensor& b, const Tensor& y, const Tensor& weights = {}) const;
};

/// max(0, d(a, p) − d(a, n) + m), with d the p-norm of the difference over the last axis; nothing is added to it, as
/// PyTorch does. With `swap` the negative's distance is min(d(a, n), d(p, n)). Balntas et al., BMVC 2016. Throws
/// ValueError unless p ≥ 1; it may be ∞.
struct XGRAD_API TripletMarginLoss {
  Reduction reduction = Reduction::mean;
  double margin = 1;
  double p = 2;
  bool swap = false;
  [[nodiscard]] Tensor operator()(const Tensor& anchor, const Tensor& positive, const Tensor& negative,
                                  const Tensor& weights = {}) const;
};

/// ½ (1 − y) D² + ½ y max(0, m − D)² with D = ‖a − b‖ over the last axis; y, of their shape without that axis, is 0 for
/// a pair that is alike and 1 for one that isn't. Hadsell et al., CVPR 2006, equation 4. Throws ValueError unless the
/// margin is positive.
struct XGRAD_API ContrastiveLoss {
  Reduction reduction = Reduction::mean;
  double margin = 1;
  [[nodiscard]] Tensor operator()(const Tensor& a, const Tensor& b, const Tensor& y, const Tensor& weights = {}) const;
};

/// 1 − cos(a, b) where y = 1, max(0, cos(a, b) − m) where y = −1, over the last axis; y has their shape without it, and
/// is checked when it is evaluated. The cosine with a vector of zeros is 0, and so are its derivatives.
struct XGRAD_API CosineEmbeddingLoss {
  Reduction reduction = Reduction::mean;
  double margin = 0;
  [[nodiscard]] Tensor operator()(const Tensor& a, const Tensor& b, const Tensor& y, const Tensor& weights = {}) const;
};

}  // namespace xgrad::nn
