#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "xgrad/dtype.hpp"
#include "xgrad/export.hpp"
#include "xgrad/nn/mode.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/shape.hpp"
#include "xgrad/state.hpp"
#include "xgrad/tensor.hpp"

namespace xgrad::nn {

struct BatchNormOptions {
  double epsilon = 1e-5;
  double momentum = 0.1;           ///< the weight of the new batch in the running statistics; in [0, 1]
  bool affine = true;              ///< whether there are a weight and a bias
  bool running_statistics = true;  ///< without, a batch's own are used in inference too
  DType dtype = float32;
};

/// Batch normalisation (Ioffe and Szegedy, ICML 2015) of (N, C) or (N, C, …), per channel over all other axes:
///
///   y = (x − μ) / √(σ² + ε) ⊙ weight + bias
///
/// In training μ and σ² are the batch's mean and variance (Σ (x − μ)² / n), and the running ones follow:
///
///   running_mean ← (1 − momentum) running_mean + momentum μ
///   running_var  ← (1 − momentum) running_var + momentum σ² n / (n − 1)
///
/// They are written when the step is evaluated, as part of it. In inference they are used instead of μ and σ².
class XGRAD_API BatchNorm {
 public:
  Parameter weight;    ///< (C), 1 at first; undefined unless affine
  Parameter bias;      ///< (C), 0 at first; likewise
  State running_mean;  ///< (C), 0 at first; undefined without running statistics
  State running_var;   ///< (C), 1 at first; likewise
  std::int64_t channels;
  double epsilon;
  double momentum;
  Mode mode = Mode::training;
  static constexpr std::array<std::string_view, 8> field_names{"weight",   "bias",    "running_mean", "running_var",
                                                               "channels", "epsilon", "momentum",     "mode"};

  /// Throws ValueError unless there is a channel, epsilon is positive and momentum lies in [0, 1]; DTypeError unless
  /// the dtype is floating.
  explicit BatchNorm(std::int64_t count, const BatchNormOptions& options = {});

  /// Throws ShapeError unless axis 1 of x has C elements, and ValueError for a batch with one value per channel only,
  /// which has no variance, in training.
  [[nodiscard]] Tensor operator()(const Tensor& x) const;

 private:
  [[nodiscard]] bool uses_batch() const noexcept { return mode == Mode::training || !running_mean.defined(); }
};

/// BatchNorm of (N, C) or (N, C, L) only; another rank is a ShapeError. Likewise (N, C, H, W), and (N, C, D, H, W).
class XGRAD_API BatchNorm1d : public BatchNorm {
 public:
  using BatchNorm::BatchNorm;
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
class XGRAD_API BatchNorm2d : public BatchNorm {
 public:
  using BatchNorm::BatchNorm;
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
class XGRAD_API BatchNorm3d : public BatchNorm {
 public:
  using BatchNorm::BatchNorm;
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

struct NormOptions {
  double epsilon = 1e-5;
  bool affine = true;  ///< whether there are a weight and, where the layer has one, a bias
  DType dtype = float32;
};

/// Layer normalisation (Ba, Kiros and Hinton, 2016): (x − μ) / √(σ² + ε) ⊙ weight + bias, over the last axes, whose
/// lengths are `normalized`.
class XGRAD_API LayerNorm {
 public:
  Parameter weight;  ///< of that shape, 1 at first; undefined unless affine
  Parameter bias;    ///< likewise, 0 at first
  Shape normalized;
  double epsilon;
  static constexpr std::array<std::string_view, 4> field_names{"weight", "bias", "normalized", "epsilon"};

  /// Throws ValueError unless there is an axis, all lengths and epsilon are positive; DTypeError unless the dtype is
  /// floating.
  explicit LayerNorm(const Shape& lengths, const NormOptions& options = {});
  /// Over the last axis.
  explicit LayerNorm(std::int64_t width, const NormOptions& options = {}) : LayerNorm{Shape{width}, options} {}

  /// Throws ShapeError unless x's last axes have these lengths.
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// x / √(mean(x²) + ε) ⊙ weight, likewise (Zhang and Sennrich, NeurIPS 2019). It has no bias.
class XGRAD_API RMSNorm {
 public:
  Parameter weight;
  Shape normalized;
  double epsilon;
  static constexpr std::array<std::string_view, 3> field_names{"weight", "normalized", "epsilon"};

  explicit RMSNorm(const Shape& lengths, const NormOptions& options = {});
  explicit RMSNorm(std::int64_t width, const NormOptions& options = {}) : RMSNorm{Shape{width}, options} {}

  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// Group normalisation (Wu and He, ECCV 2018) of (N, C, …): each sample's channels in groups of neighbours, each with
/// all axes after them.
class XGRAD_API GroupNorm {
 public:
  Parameter weight;  ///< (C), 1 at first; undefined unless affine
  Parameter bias;    ///< (C), 0 at first; likewise
  std::int64_t groups;
  std::int64_t channels;
  double epsilon;
  static constexpr std::array<std::string_view, 5> field_names{"weight", "bias", "groups", "channels", "epsilon"};

  /// Throws ValueError unless both are positive, and the channels a multiple of the groups.
  GroupNorm(std::int64_t group_count, std::int64_t channel_count, const NormOptions& options = {});

  /// Throws ShapeError unless axis 1 of x has C elements.
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

struct InstanceNormOptions {
  double epsilon = 1e-5;
  bool affine = false;  ///< whether there are a weight and a bias
  DType dtype = float32;
};

/// Instance normalisation (Ulyanov, Vedaldi and Lempitsky, 2016): each channel of each sample over all axes after it.
/// Without weight and bias unless asked for, and without running statistics: it does the same in training and
/// inference.
class XGRAD_API InstanceNorm {
 public:
  Parameter weight;  ///< (C), 1 at first; undefined unless affine
  Parameter bias;    ///< (C), 0 at first; likewise
  std::int64_t channels;
  double epsilon;
  static constexpr std::array<std::string_view, 4> field_names{"weight", "bias", "channels", "epsilon"};

  /// Throws ValueError unless there is a channel and epsilon is positive.
  explicit InstanceNorm(std::int64_t count, const InstanceNormOptions& options = {});

  /// Throws ShapeError unless x is (N, C, …) with an axis after the channels.
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// InstanceNorm of (N, C, L) only; another rank is a ShapeError. Likewise (N, C, H, W), and (N, C, D, H, W).
class XGRAD_API InstanceNorm1d : public InstanceNorm {
 public:
  using InstanceNorm::InstanceNorm;
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
class XGRAD_API InstanceNorm2d : public InstanceNorm {
 public:
  using InstanceNorm::InstanceNorm;
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
class XGRAD_API InstanceNorm3d : public InstanceNorm {
 public:
  using InstanceNorm::InstanceNorm;
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

}  // namespace xgrad::nn
