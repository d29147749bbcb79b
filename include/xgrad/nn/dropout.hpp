#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "xgrad/export.hpp"
#include "xgrad/nn/mode.hpp"
#include "xgrad/random.hpp"
#include "xgrad/state.hpp"
#include "xgrad/tensor.hpp"

namespace xgrad::nn {

/// Dropout (Srivastava et al., JMLR 15, 2014), inverted: y = x ⊙ m / (1 − p) with each element of m being 0 with
/// probability p, else 1, so that the mean of y is x. In inference y = x. Every call draws another m, inside compile()
/// too.
class XGRAD_API Dropout {
 public:
  double p;      ///< of an element being dropped
  State random;  ///< where the masks come from; see Random::state()
  Mode mode = Mode::training;
  static constexpr std::array<std::string_view, 3> field_names{"p", "random", "mode"};

  /// Splits a generator of its own off. Throws ValueError unless 0 ≤ p ≤ 1.
  Dropout(double probability, Random& source);

  /// float32, float64.
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// Dropout of whole channels (Tompson et al., CVPR 2015), of (N, C, …) with one axis or more after the channels: an
/// element of m per sample and channel.
class XGRAD_API DropoutChannel {
 public:
  double p;
  State random;
  Mode mode = Mode::training;
  static constexpr std::array<std::string_view, 3> field_names{"p", "random", "mode"};

  DropoutChannel(double probability, Random& source);

  /// Throws ShapeError for fewer axes.
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// DropoutChannel of (N, C, L) only; another rank is a ShapeError. Likewise (N, C, H, W), and (N, C, D, H, W). PyTorch
/// 1.13's Dropout2d also takes (N, C, L), and drops channels of it.
class XGRAD_API Dropout1d : public DropoutChannel {
 public:
  using DropoutChannel::DropoutChannel;
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
class XGRAD_API Dropout2d : public DropoutChannel {
 public:
  using DropoutChannel::DropoutChannel;
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
class XGRAD_API Dropout3d : public DropoutChannel {
 public:
  using DropoutChannel::DropoutChannel;
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// Alpha dropout (Klambauer et al., "Self-normalizing neural networks", NeurIPS 2017), for activations of mean 0 and
/// variance 1 behind a SELU, which it keeps: a (x m + α′ (1 − m)) + b with the limit α′ = −λα of SELU,
/// a = 1 / √((1 − p)(1 + p α′²)) and b = −a p α′.
class XGRAD_API AlphaDropout {
 public:
  double p;
  State random;
  Mode mode = Mode::training;
  static constexpr std::array<std::string_view, 3> field_names{"p", "random", "mode"};

  /// Throws ValueError unless 0 ≤ p < 1.
  AlphaDropout(double probability, Random& source);

  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// Stochastic depth (Huang et al., ECCV 2016): x m / (1 − p) with one m per sample, or for the whole batch; for the
/// branch of a residual block, which is then left out.
class XGRAD_API StochasticDepth {
 public:
  enum class Drops : std::uint8_t { samples, batches };

  double p;
  Drops drops;
  State random;
  Mode mode = Mode::training;
  static constexpr std::array<std::string_view, 4> field_names{"p", "drops", "random", "mode"};

  StochasticDepth(double probability, Random& source, Drops what = Drops::samples);

  /// Samples are along axis 0: a ShapeError of a scalar.
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

}  // namespace xgrad::nn
