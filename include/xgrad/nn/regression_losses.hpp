#pragma once

#include "xgrad/export.hpp"
#include "xgrad/nn/reduction.hpp"
#include "xgrad/tensor.hpp"

/// Losses of numbers and of distributions. Prediction and target have one floating dtype (DTypeError) and one shape
/// (ShapeError); nothing broadcasts. Weights have that dtype, and the shape that Reduction::none gives, or (N): one per
/// element of its first axis. An option out of range is a ValueError of the call.
namespace xgrad::nn {

/// ½ Σ (a − y)² over the last axis; the axes before it are samples, and a vector is one.
struct XGRAD_API QuadraticLoss {
  Reduction reduction = Reduction::mean;
  [[nodiscard]] Tensor operator()(const Tensor& a, const Tensor& y, const Tensor& weights = {}) const;
};

// Each element is a sample; so it is in those that follow, to KLDivergence.

/// (a − y)².
struct XGRAD_API MeanSquaredError {
  Reduction reduction = Reduction::mean;
  [[nodiscard]] Tensor operator()(const Tensor& a, const Tensor& y, const Tensor& weights = {}) const;
};

/// |a − y|; derivative 0 at a = y.
struct XGRAD_API L1Loss {
  Reduction reduction = Reduction::mean;
  [[nodiscard]] Tensor operator()(const Tensor& a, const Tensor& y, const Tensor& weights = {}) const;
};

/// d² / (2 β) for d = |a − y| < β, else d − ½ β. Girshick, ICCV 2015, equation 3, with its β. β = 0 is L1Loss; a
/// negative one, NaN or ∞ a ValueError.
struct XGRAD_API SmoothL1Loss {
  Reduction reduction = Reduction::mean;
  double beta = 1;
  [[nodiscard]] Tensor operator()(const Tensor& a, const Tensor& y, const Tensor& weights = {}) const;
};

/// ½ d² for d = |a − y| < δ, else δ (d − ½ δ). Huber, Annals of Mathematical Statistics 1964. Throws ValueError unless
/// δ is positive and finite.
struct XGRAD_API HuberLoss {
  Reduction reduction = Reduction::mean;
  double delta = 1;
  [[nodiscard]] Tensor operator()(const Tensor& a, const Tensor& y, const Tensor& weights = {}) const;
};

/// −log of Poisson's probability of the count y, without log y!: e^a − y a, where a is the logarithm of the mean; with
/// log_input = false the mean itself: a − y log(a + ε). `full` adds Stirling's log y! ≈ y log y − y + ½ log(2π y) where
/// y > 1.
struct XGRAD_API PoissonNLL {
  Reduction reduction = Reduction::mean;
  bool log_input = true;
  bool full = false;
  double epsilon = 1e-8;
  [[nodiscard]] Tensor operator()(const Tensor& a, const Tensor& y, const Tensor& weights = {}) const;
};

/// −log of a Gaussian's density: ½ (log v + (a − y)² / v) with v = max(variance, ε); `full` adds ½ log 2π. The variance
/// has the shape of a. Where it is below ε its derivative is 0, as that of v is; PyTorch lets one through as if there
/// were no floor. Nix and Weigend, ICNN 1994. Throws ValueError unless ε is positive.
struct XGRAD_API GaussianNLL {
  Reduction reduction = Reduction::mean;
  bool full = false;
  double epsilon = 1e-6;
  [[nodiscard]] Tensor operator()(const Tensor& a, const Tensor& y, const Tensor& variance,
                                  const Tensor& weights = {}) const;
};

/// Σ y (log y − a) over the last axis, of log-probabilities a and probabilities y; 0 log 0 is 0. The axes before the
/// last are samples: the mean is per distribution ("batchmean"). A mean over elements, which PyTorch's `mean` is, is no
/// divergence: it shrinks with the number of classes. Kullback and Leibler, Annals of Mathematical Statistics 1951.
struct XGRAD_API KLDivergence {
  Reduction reduction = Reduction::mean;
  [[nodiscard]] Tensor operator()(const Tensor& a, const Tensor& y, const Tensor& weights = {}) const;
};

}  // namespace xgrad::nn
