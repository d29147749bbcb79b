#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "xgrad/dtype.hpp"
#include "xgrad/export.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/tensor.hpp"

/// Activations as layers, beside Sigmoid, Tanh, ReLU and Softmax in layers.hpp. Formulas, sources and what holds at
/// kinks are in xgrad/activations.hpp. Defaults are PyTorch's. Options are checked when the layer is made, and those
/// that are changed afterwards when it is called.
namespace xgrad::nn {

/// x Φ(x); with `approximate` gelu_tanh(x), PyTorch's approximate="tanh".
struct XGRAD_API GELU {
  bool approximate = false;
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
/// x σ(x), also called swish.
struct XGRAD_API SiLU {
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
struct XGRAD_API Mish {
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
struct XGRAD_API Softsign {
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
struct XGRAD_API Tanhshrink {
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
struct XGRAD_API LogSigmoid {
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// log(1 + e^(βx)) / β. Exact for any x: there is no threshold from which it is x.
class XGRAD_API Softplus {
 public:
  double beta;
  static constexpr std::array<std::string_view, 1> field_names{"beta"};

  /// Throws ValueError unless β is positive and finite.
  explicit Softplus(double sharpness = 1);
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

class XGRAD_API ELU {
 public:
  double alpha;
  static constexpr std::array<std::string_view, 1> field_names{"alpha"};

  /// Throws ValueError unless α is finite and at least 0.
  explicit ELU(double scale = 1);
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
struct XGRAD_API SELU {
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
class XGRAD_API CELU {
 public:
  double alpha;
  static constexpr std::array<std::string_view, 1> field_names{"alpha"};

  /// Throws ValueError unless α is positive and finite.
  explicit CELU(double scale = 1);
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

class XGRAD_API LeakyReLU {
 public:
  double slope;
  static constexpr std::array<std::string_view, 1> field_names{"slope"};

  /// Throws ValueError unless the slope is finite.
  explicit LeakyReLU(double below = 0.01);
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

struct PReLUOptions {
  double initial = 0.25;  ///< each slope, at first
  DType dtype = float32;
};

/// x, and a x for x ≤ 0, with slopes that are trained: one for all, or one per channel of (N, C) or (N, C, …).
class XGRAD_API PReLU {
 public:
  Parameter weight;  ///< the slopes, (1) or (C)
  static constexpr std::array<std::string_view, 1> field_names{"weight"};

  /// Throws ValueError unless the count is positive and the first value finite; DTypeError unless the dtype is
  /// floating.
  explicit PReLU(std::int64_t count = 1, const PReLUOptions& options = {});
  /// Throws ShapeError if there are several slopes and axis 1 of x has another number of elements.
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

struct XGRAD_API ReLU6 {
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
class XGRAD_API Hardtanh {
 public:
  double low;
  double high;
  static constexpr std::array<std::string_view, 2> field_names{"low", "high"};

  /// Throws ValueError unless low < high.
  explicit Hardtanh(double lowest = -1, double highest = 1);
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
struct XGRAD_API Hardsigmoid {
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
struct XGRAD_API Hardswish {
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
class XGRAD_API Hardshrink {
 public:
  double lambda;
  static constexpr std::array<std::string_view, 1> field_names{"lambda"};

  /// Throws ValueError unless λ is finite and at least 0.
  explicit Hardshrink(double threshold = 0.5);
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
class XGRAD_API Softshrink {
 public:
  double lambda;
  static constexpr std::array<std::string_view, 1> field_names{"lambda"};

  /// Throws ValueError unless λ is finite and at least 0.
  explicit Softshrink(double threshold = 0.5);
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

// Along an axis, the last one by default. ShapeError at the call if x doesn't have it.
struct XGRAD_API Softmin {
  std::int64_t axis = -1;
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
struct XGRAD_API LogSoftmax {
  std::int64_t axis = -1;
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
/// a σ(b) of the halves of x; the result has half as many elements along the axis. ShapeError if their number is odd.
struct XGRAD_API GLU {
  std::int64_t axis = -1;
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
/// silu(a) b, likewise.
struct XGRAD_API SwiGLU {
  std::int64_t axis = -1;
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

}  // namespace xgrad::nn
