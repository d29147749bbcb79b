#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "xgrad/convolution.hpp"
#include "xgrad/dtype.hpp"
#include "xgrad/export.hpp"
#include "xgrad/nn/contents.hpp"
#include "xgrad/nn/initializers.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/random.hpp"
#include "xgrad/tensor.hpp"

/// Convolutions as layers, with PyTorch's layouts and shapes of parameters, so that weights carry over.
///
/// First values aren't PyTorch's: its weight is U(−1/√n, 1/√n) for n inputs of a sum, a third of the variance that
/// keeps that of the signal, and its bias is random likewise. Here, as in Dense, the weight is Glorot's, U(−r, r) with
/// r = √(6 / (in + out)), and the bias 0; in = C / groups · Πk are the inputs of a sum, out = C_out / groups · Πk the
/// results that an input is in (Glorot and Bengio, AISTATS 2010, equation 16). An Initializer of your own is given the
/// weight's shape.
namespace xgrad::nn {

struct ConvLayerOptions {
  ConvSizes stride = 1;
  ConvPadding padding = 0;
  ConvSizes dilation = 1;
  std::int64_t groups = 1;
  PaddingMode mode = PaddingMode::zeros;
  bool use_bias = true;
  DType dtype = float32;
  Initializer weight = {};  ///< empty: Glorot's, as above
  Initializer bias = init::zeros;
};

/// x (N, in, *spatial) → z = W ⋆ x + b (N, out, *spatial′), see conv(); or both without N.
template <std::size_t Axes>
class Conv {
 public:
  Parameter weight;  ///< (out, in / groups, *kernel)
  Parameter bias;    ///< (out); undefined without bias
  ConvOptions options;
  static constexpr std::array<std::string_view, 3> field_names{"weight", "bias", "options"};

  /// Throws ValueError unless channels, kernel, strides and dilations are positive, paddings aren't negative, and
  /// groups divide the channels; ShapeError for options of another number of axes.
  Conv(std::int64_t in, std::int64_t out, const ConvSizes& kernel, Random& random, const ConvLayerOptions& given = {});
  /// From values, or with these very cells: tied weights. A bias may be undefined. Throws ShapeError, DTypeError.
  Conv(const Tensor& weights, const Tensor& biases, ConvOptions given = {});
  Conv(const Parameter& weights, const Parameter& biases, ConvOptions given = {});

  /// Throws ShapeError, DTypeError that say what the layer takes.
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
  /// With another weight than its own, of that shape.
  [[nodiscard]] Tensor with_weight(const Tensor& other, const Tensor& x) const;
};

struct ConvTransposeLayerOptions {
  ConvSizes stride = 1;
  ConvPadding padding = 0;
  ConvSizes output_padding = 0;
  ConvSizes dilation = 1;
  std::int64_t groups = 1;
  bool use_bias = true;
  DType dtype = float32;
  Initializer weight = {};  ///< empty: Glorot's, as above
  Initializer bias = init::zeros;
};

/// x (N, in, *spatial) → (N, out, *spatial′), see conv_transpose(); or both without N.
template <std::size_t Axes>
class ConvTranspose {
 public:
  Parameter weight;  ///< (in, out / groups, *kernel)
  Parameter bias;    ///< (out); undefined without bias
  ConvTransposeOptions options;
  static constexpr std::array<std::string_view, 3> field_names{"weight", "bias", "options"};

  /// As Conv.
  ConvTranspose(std::int64_t in, std::int64_t out, const ConvSizes& kernel, Random& random,
                const ConvTransposeLayerOptions& given = {});
  ConvTranspose(const Tensor& weights, const Tensor& biases, ConvTransposeOptions given = {});
  ConvTranspose(const Parameter& weights, const Parameter& biases, ConvTransposeOptions given = {});

  [[nodiscard]] Tensor operator()(const Tensor& x) const;
  /// With another weight than its own, of that shape.
  [[nodiscard]] Tensor with_weight(const Tensor& other, const Tensor& x) const;
};

extern template class XGRAD_API Conv<1>;
extern template class XGRAD_API Conv<2>;
extern template class XGRAD_API Conv<3>;
extern template class XGRAD_API ConvTranspose<1>;
extern template class XGRAD_API ConvTranspose<2>;
extern template class XGRAD_API ConvTranspose<3>;

using Conv1d = Conv<1>;
using Conv2d = Conv<2>;
using Conv3d = Conv<3>;
using ConvTranspose1d = ConvTranspose<1>;
using ConvTranspose2d = ConvTranspose<2>;
using ConvTranspose3d = ConvTranspose<3>;

template <>
inline constexpr bool holds_no_parameters<ConvOptions> = true;
template <>
inline constexpr bool holds_no_parameters<ConvTransposeOptions> = true;

}  // namespace xgrad::nn
