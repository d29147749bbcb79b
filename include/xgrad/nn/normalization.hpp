#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "xgrad/dtype.hpp"
#include "xgrad/export.hpp"
#include "xgrad/nn/mode.hpp"
#include "xgrad/parameter.hpp"
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

}  // namespace xgrad::nn
