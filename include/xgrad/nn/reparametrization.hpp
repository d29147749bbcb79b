#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <string_view>
#include <utility>

#include "xgrad/export.hpp"
#include "xgrad/nn/layers.hpp"
#include "xgrad/nn/mode.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/random.hpp"
#include "xgrad/state.hpp"
#include "xgrad/tensor.hpp"

/// Layers whose weight is computed from others.
namespace xgrad::nn {

/// What is needed of a layer to give it another weight: which parameter, with outputs along its axis 0, and the call
/// with a tensor of its shape instead. Serves a layer with a Parameter `weight` and a member `with_weight(tensor,
/// inputs…)`; specialise it for any other.
template <class L>
struct Reweighted {
  [[nodiscard]] static const Parameter& weight(const L& layer) { return layer.weight; }
  template <class... X>
  [[nodiscard]] static Tensor call(const L& layer, const Tensor& weight, const X&... x) {
    return layer.with_weight(weight, x...);
  }
};
template <>
struct XGRAD_API Reweighted<Dense> {
  [[nodiscard]] static const Parameter& weight(const Dense& layer) { return layer.W; }
  [[nodiscard]] static Tensor call(const Dense& layer, const Tensor& weight, const Tensor& x);
};

namespace detail {

/// ‖v_o‖ of each output: (out, 1, …).
[[nodiscard]] XGRAD_API Tensor norms_of_outputs(const Tensor& v);
/// g v / ‖v‖ per output. Throws ShapeError unless g has the shape of the norms.
[[nodiscard]] XGRAD_API Tensor weight_from_norm(const Tensor& g, const Tensor& v);

/// The largest singular value of a weight as a matrix (out, …), by power iteration.
[[nodiscard]] XGRAD_API Tensor divided_by_spectral_norm(const Tensor& weight, const State& u, const State& v,
                                                        int iterations, double epsilon);
/// A random vector of norm 1.
[[nodiscard]] XGRAD_API State unit_vector(std::int64_t length, DType dtype, Random& random, const char* name);
XGRAD_API void require_spectral_options(int iterations, double epsilon);

}  // namespace detail

/// Weight normalisation (Salimans and Kingma, NeurIPS 2016): the layer with the weight g v / ‖v‖, whose norm is taken
/// for each output. v is the layer's own weight parameter, PyTorch's weight_v, and g its weight_g.
template <class L>
class WeightNorm {
 public:
  L layer;
  Parameter g;  ///< (out, 1, …); at first the norms of v, so that the layer computes what it did
  static constexpr std::array<std::string_view, 2> field_names{"layer", "g"};

  explicit WeightNorm(L wrapped) : layer{std::move(wrapped)} {
    g = Parameter{detail::norms_of_outputs(Reweighted<L>::weight(layer)), "g"};
  }

  [[nodiscard]] Tensor weight() const { return detail::weight_from_norm(g, Reweighted<L>::weight(layer)); }
  template <std::convertible_to<Tensor>... X>
  [[nodiscard]] Tensor operator()(const X&... x) const {
    return Reweighted<L>::call(layer, weight(), x...);
  }
};

/// Spectral normalisation (Miyato et al., ICLR 2018): the layer with the weight W / σ, where σ = uᵀ W v is W's largest
/// singular value as a matrix (out, everything else). u and v follow by power iteration in every call in training:
/// v ← Wᵀ u / ‖Wᵀ u‖, u ← W v / ‖W v‖; they count as constants in derivatives. W is the layer's own weight parameter,
/// PyTorch's weight_orig.
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

  /// Starts from random vectors. Throws ValueError unless there is an iteration and epsilon is positive.
  SpectralNorm(L wrapped, Random& random, int steps = 1, double least = 1e-12)
      : layer{std::move(wrapped)}, iterations{steps}, epsilon{least} {
    detail::require_spectral_options(steps, least);
    const Parameter& weight = Reweighted<L>::weight(layer);
    const std::int64_t outputs = weight.shape()[0];
    u = detail::unit_vector(outputs, weight.dtype(), random, "u");
    v = detail::unit_vector(weight.shape().size() / outputs, weight.dtype(), random, "v");
  }

  [[nodiscard]] Tensor weight() const {
    return detail::divided_by_spectral_norm(Reweighted<L>::weight(layer), u, v, mode == Mode::training ? iterations : 0,
                                            epsilon);
  }
  template <std::convertible_to<Tensor>... X>
  [[nodiscard]] Tensor operator()(const X&... x) const {
    return Reweighted<L>::call(layer, weight(), x...);
  }
};

}  // namespace xgrad::nn
