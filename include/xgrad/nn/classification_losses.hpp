#pragma once

#include <cstdint>
#include <optional>

#include "xgrad/export.hpp"
#include "xgrad/nn/reduction.hpp"
#include "xgrad/tensor.hpp"

/// Losses of classes. Class indices are int64, and checked when the loss is evaluated (ValueError). Tensors beside each
/// other have one floating dtype (DTypeError); shapes are as said here (ShapeError), nothing broadcasts. Weights have
/// the shape that Reduction::none gives, or (N): one per element of its first axis. An option out of range is a
/// ValueError of the call.
namespace xgrad::nn {

/// −Σ y log softmax(z) over the classes, from logits z: (C), which is one sample, (N, C) or (N, C, d₁, …). The target
/// is a class index per sample, int64 of z's shape without the classes, or a distribution over the classes, of z's
/// shape.
///
/// With `class_weights` w (C): −Σ w y log softmax(z). The mean then divides by Σ w of the samples' classes, which is
/// Σ_c w_c y_c of a distribution: one-hot rows give what indices give. PyTorch divides by the number of samples for
/// distributions.
/// With `label_smoothing` ε, y is (1 − ε) y + ε / C. Szegedy et al., CVPR 2016, section 7.
/// Samples whose index is `ignore_index` add nothing, and aren't counted; of ignored ones alone the mean is NaN. No
/// index is ignored unless it is said.
struct XGRAD_API CrossEntropy {
  Reduction reduction = Reduction::mean;
  Tensor class_weights = {};
  std::optional<std::int64_t> ignore_index = std::nullopt;
  double label_smoothing = 0;  ///< in [0, 1]
  std::int64_t axis = 1;       ///< of the classes, unless z is a vector; −1 for (N, …, C)
  [[nodiscard]] Tensor operator()(const Tensor& z, const Tensor& target, const Tensor& weights = {}) const;
};

/// The same from log-probabilities, for class indices: −w_y a_y.
struct XGRAD_API NegativeLogLikelihood {
  Reduction reduction = Reduction::mean;
  Tensor class_weights = {};
  std::optional<std::int64_t> ignore_index = std::nullopt;
  std::int64_t axis = 1;
  [[nodiscard]] Tensor operator()(const Tensor& a, const Tensor& target, const Tensor& weights = {}) const;
};

/// −Σ p y log σ(z) + (1 − y) log(1 − σ(z)) over the last axis, from logits z; y in [0, 1]. The axes before the last are
/// samples, and a vector is one. `pos_weight` p has one number per element of the last axis; without it p = 1.
struct XGRAD_API BinaryCrossEntropy {
  Reduction reduction = Reduction::mean;
  Tensor pos_weight = {};
  [[nodiscard]] Tensor operator()(const Tensor& z, const Tensor& y, const Tensor& weights = {}) const;
};

/// −α_y (1 − p)^γ log p for p = softmax(z)_y, from logits z and class indices, shaped as CrossEntropy's. α, (C), is 1
/// unless given, and doesn't count in the mean. Lin et al., ICCV 2017, equation 5. Throws ValueError for γ < 0.
struct XGRAD_API FocalLoss {
  Reduction reduction = Reduction::mean;
  double gamma = 2;
  Tensor alpha = {};
  std::int64_t axis = 1;
  [[nodiscard]] Tensor operator()(const Tensor& z, const Tensor& target, const Tensor& weights = {}) const;
};

/// −Σ α y σ(−z)^γ log σ(z) + (1 − α) (1 − y) σ(z)^γ log σ(−z) over the last axis, shaped as BinaryCrossEntropy; without
/// α both factors are 1. Lin et al., as above. Throws ValueError for γ < 0, and α outside of [0, 1].
struct XGRAD_API BinaryFocalLoss {
  Reduction reduction = Reduction::mean;
  double gamma = 2;
  std::optional<double> alpha = std::nullopt;
  [[nodiscard]] Tensor operator()(const Tensor& z, const Tensor& y, const Tensor& weights = {}) const;
};

/// 1 − (2 Σ p y + s) / (Σ p + Σ y + s), from probabilities p and y in [0, 1]; with `squared`, p² and y² are added up
/// below. Sums are over all axes but the first, which are samples; a vector is one sample. The smoothing s keeps it
/// defined where both are empty. Milletari et al., 3DV 2016, equation 1 (squared). Throws ValueError for s < 0.
struct XGRAD_API DiceLoss {
  Reduction reduction = Reduction::mean;
  double smoothing = 1;
  bool squared = false;
  [[nodiscard]] Tensor operator()(const Tensor& p, const Tensor& y, const Tensor& weights = {}) const;
};

/// max(0, 1 − y z) of every element, each a sample; y is −1 or 1, checked when it is evaluated. Derivative 0 at y z
/// = 1.
struct XGRAD_API HingeLoss {
  Reduction reduction = Reduction::mean;
  [[nodiscard]] Tensor operator()(const Tensor& z, const Tensor& y, const Tensor& weights = {}) const;
};

/// max(0, 1 − y z)².
struct XGRAD_API SquaredHingeLoss {
  Reduction reduction = Reduction::mean;
  [[nodiscard]] Tensor operator()(const Tensor& z, const Tensor& y, const Tensor& weights = {}) const;
};

/// Σ_{c ≠ y} max(0, m − z_y + z_c)^p / C, from scores (C), which is one sample, or (N, C), and class indices () or (N).
/// Crammer and Singer, JMLR 2001, with a sum for their maximum. p is 1 or 2, else ValueError.
struct XGRAD_API MultiMarginLoss {
  Reduction reduction = Reduction::mean;
  double margin = 1;
  int p = 1;
  [[nodiscard]] Tensor operator()(const Tensor& z, const Tensor& target, const Tensor& weights = {}) const;
};

}  // namespace xgrad::nn
