#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "xgrad/export.hpp"
#include "xgrad/nn/convolution.hpp"
#include "xgrad/nn/layers.hpp"
#include "xgrad/nn/mode.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/random.hpp"
#include "xgrad/state.hpp"
#include "xgrad/tensor.hpp"

/// Layers whose weight is computed from others.
///
/// They wrap any layer that has a Parameter `weight`, or `W`, and a member `with_weight(tensor, inputs…)`: the call
/// with another weight than its own, of that shape. Dense, Bilinear, the convolutions and the embeddings have one; in a
/// layer of your own, let the usual call be that with its own weight. For a layer that can't be changed, specialise
/// Reweighted.
namespace xgrad::nn {

namespace detail {

template <class L>
concept HasWeight = requires(const L& layer) {
  { (layer.weight) } -> std::same_as<const Parameter&>;
};
template <class L>
concept HasW = requires(const L& layer) {
  { (layer.W) } -> std::same_as<const Parameter&>;
};

}  // namespace detail

/// What is needed of a layer to give it another weight.
template <class L>
struct Reweighted {
  /// The axis of the weight along which its outputs are.
  static constexpr std::int64_t outputs = 0;
  /// The layer's own weight.
  [[nodiscard]] static const Parameter& weight(const L& layer) {
    static_assert(detail::HasWeight<L> || detail::HasW<L>,
                  "xgrad: this layer has no Parameter `weight` or `W`; specialise xgrad::nn::Reweighted for it");
    if constexpr (detail::HasWeight<L>) {
      return layer.weight;
    } else {
      return layer.W;
    }
  }
  /// The call with a tensor of its shape instead.
  template <class... X>
  [[nodiscard]] static Tensor call(const L& layer, const Tensor& other, const X&... x) {
    static_assert(
        requires { layer.with_weight(other, x...); },
        "xgrad: this layer has no with_weight(tensor, inputs…) for these inputs; write one, or specialise "
        "xgrad::nn::Reweighted for it");
    return layer.with_weight(other, x...);
  }
};
template <>
struct XGRAD_API Reweighted<Dense> {
  static constexpr std::int64_t outputs = 0;
  [[nodiscard]] static const Parameter& weight(const Dense& layer) { return layer.W; }
  [[nodiscard]] static Tensor call(const Dense& layer, const Tensor& other, const Tensor& x);
};
template <std::size_t Axes>
struct Reweighted<ConvTranspose<Axes>> {
  static constexpr std::int64_t outputs = 1;
  [[nodiscard]] static const Parameter& weight(const ConvTranspose<Axes>& layer) { return layer.weight; }
  [[nodiscard]] static Tensor call(const ConvTranspose<Axes>& layer, const Tensor& other, const Tensor& x) {
    return layer.with_weight(other, x);
  }
};

namespace detail {

/// The norm over all axes but one, which stay with length 1. Throws ShapeError for a weight of less than two axes, and
/// for one that hasn't the axis.
[[nodiscard]] XGRAD_API Tensor norms_along(const Tensor& v, std::int64_t axis);
/// g v / ‖v‖. Throws ShapeError unless g has the shape of the norms.
[[nodiscard]] XGRAD_API Tensor weight_from_norm(const Tensor& g, const Tensor& v, std::int64_t axis);

/// A weight as a matrix (out, …), its outputs being along an axis. Throws ShapeError for less than two axes.
[[nodiscard]] XGRAD_API Tensor as_matrix(const Tensor& weight, std::int64_t axis);
/// The weight over its largest singular value as such a matrix, by power iteration.
[[nodiscard]] XGRAD_API Tensor divided_by_spectral_norm(const Tensor& weight, std::int64_t axis, const State& u,
                                                        const State& v, int iterations, double epsilon);
/// A random vector of norm 1.
[[nodiscard]] XGRAD_API State unit_vector(std::int64_t length, DType dtype, Random& random, const char* name);
XGRAD_API void require_spectral_options(int iterations, double epsilon);

}  // namespace detail

/// Weight normalisation (Salimans and Kingma, NeurIPS 2016): the layer with the weight g v / ‖v‖, whose norm is taken
/// for each index of an axis. v is the layer's own weight parameter, PyTorch's weight_v, and g its weight_g. The axis
/// is PyTorch's, 0, unless told otherwise: that of the outputs, or of an embedding's rows, but of a transposed
/// convolution's inputs, whose outputs are along axis 1. Where v and g are 0, as of a padding index, the weight is 0.
template <class L>
class WeightNorm {
 public:
  L layer;
  Parameter g;  ///< of length 1 along all axes but one; at first the norms, so that the layer computes what it did
  std::int64_t axis;  ///< not negative
  static constexpr std::array<std::string_view, 3> field_names{"layer", "g", "axis"};

  /// Throws ShapeError for a weight of less than two axes, or without this one; axes may be negative.
  explicit WeightNorm(L wrapped, std::int64_t kept = 0)
      : layer{std::move(wrapped)}, axis{kept < 0 ? kept + rank() : kept} {
    g = Parameter{detail::norms_along(Reweighted<L>::weight(layer), axis), "g"};
  }

  [[nodiscard]] Tensor weight() const { return detail::weight_from_norm(g, Reweighted<L>::weight(layer), axis); }
  template <std::convertible_to<Tensor>... X>
  [[nodiscard]] Tensor operator()(const X&... x) const {
    return Reweighted<L>::call(layer, weight(), x...);
  }

 private:
  [[nodiscard]] std::int64_t rank() const {
    return static_cast<std::int64_t>(Reweighted<L>::weight(layer).shape().rank());
  }
};

/// Spectral normalisation (Miyato et al., ICLR 2018): the layer with the weight W / σ, where σ = uᵀ W v is W's largest
/// singular value as a matrix (out, everything else), whatever the axis of the outputs is. u and v follow by power
/// iteration in every call in training: v ← Wᵀ u / ‖Wᵀ u‖, u ← W v / ‖W v‖; they count as constants in derivatives. W
/// is the layer's own weight parameter, PyTorch's weight_orig.
template <class L>
class SpectralNorm {
 public:
  L layer;
  State u;  ///< (out)
  State v;  ///< (the others)
  int iterations;
  double epsilon;  ///< the least norm that is divided by
  Mode mode = Mode::training;
  static constexpr std::array<std::string_view, 6> field_names{"layer", "u", "v", "iterations", "epsilon", "mode"};

  /// Starts from random vectors. Throws ValueError unless there is an iteration and epsilon is positive, ShapeError for
  /// a weight of less than two axes.
  SpectralNorm(L wrapped, Random& random, int steps = 1, double least = 1e-12)
      : layer{std::move(wrapped)}, iterations{steps}, epsilon{least} {
    detail::require_spectral_options(steps, least);
    const Tensor matrix = detail::as_matrix(Reweighted<L>::weight(layer), Reweighted<L>::outputs);
    u = detail::unit_vector(matrix.dim(0), matrix.dtype(), random, "u");
    v = detail::unit_vector(matrix.dim(1), matrix.dtype(), random, "v");
  }

  [[nodiscard]] Tensor weight() const {
    return detail::divided_by_spectral_norm(Reweighted<L>::weight(layer), Reweighted<L>::outputs, u, v,
                                            mode == Mode::training ? iterations : 0, epsilon);
  }
  template <std::convertible_to<Tensor>... X>
  [[nodiscard]] Tensor operator()(const X&... x) const {
    return Reweighted<L>::call(layer, weight(), x...);
  }
};

}  // namespace xgrad::nn
