#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <vector>

#include "xgrad/dtype.hpp"
#include "xgrad/export.hpp"
#include "xgrad/nn/initializers.hpp"
#include "xgrad/nn/mode.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/random.hpp"
#include "xgrad/tensor.hpp"

/// Layers are plain functions of tensors; none contains a derivative. Any callable struct is one.
namespace xgrad::nn {

struct DenseOptions {
  DType dtype = float32;
  Initializer weight = init::glorot;
  Initializer bias = init::zeros;
  bool use_bias = true;
};

/// z = W x + b for a vector x (in) → (out); z = x Wᵀ + b for a batch (…, in) → (…, out).
class XGRAD_API Dense {
 public:
  Parameter W;  ///< (out, in)
  Parameter b;  ///< (out); undefined without bias

  /// Throws ValueError unless both widths are positive.
  Dense(std::int64_t in, std::int64_t out, Random& random, const DenseOptions& options = {});
  /// From values: weight (out, in), bias (out) or undefined. Throws ShapeError, DTypeError.
  explicit Dense(const Tensor& weight, const Tensor& bias = {});
  /// With these very cells, so that layers may share them: tied weights. Likewise.
  explicit Dense(const Parameter& weight, const Parameter& bias = {});

  /// Throws ShapeError if x's last axis isn't `in`.
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
  [[nodiscard]] std::vector<NamedParameter> parameters() const;
  /// The same layer with other cells; clone() of a model calls it.
  void replace_parameters(const std::function<Parameter(const Parameter&)>& replacement);
};

/// The same for a class that derives from Dense and adds nothing to it.
template <std::derived_from<Dense> D>
requires(sizeof(D) == sizeof(Dense)) inline constexpr bool holds_no_states<D> = true;

struct XGRAD_API Sigmoid {
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
struct XGRAD_API Tanh {
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
struct XGRAD_API ReLU {
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};
/// Over the last axis.
struct XGRAD_API Softmax {
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

}  // namespace xgrad::nn
