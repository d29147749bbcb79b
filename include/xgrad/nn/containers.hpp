#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "xgrad/export.hpp"
#include "xgrad/nn/sequential.hpp"
#include "xgrad/tensor.hpp"

/// Layers made of layers, beside Sequential.
namespace xgrad::nn {

/// x itself.
struct XGRAD_API Identity {
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

/// A function as a layer: `Lambda{[](const Tensor& x) { return x * 2; }}`. It captures nothing, so that no parameter
/// can be hidden in it.
struct XGRAD_API Lambda {
  Tensor (*function)(const Tensor& x);
  /// Throws ValueError without a function.
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

namespace detail {
/// x + y. Throws ShapeError if their shapes differ.
[[nodiscard]] XGRAD_API Tensor add_residual(const Tensor& x, const Tensor& y);
}  // namespace detail

/// x + layer(x), of one shape (He et al., CVPR 2016).
template <class L>
requires std::is_invocable_r_v<Tensor, const L&, const Tensor&>
struct Residual {
  L layer;
  [[nodiscard]] Tensor operator()(const Tensor& x) const { return detail::add_residual(x, layer(x)); }
};
template <class L>
Residual(L) -> Residual<L>;

/// What becomes of the results of parallel layers.
enum class Merge : std::uint8_t {
  sum,          ///< of equal shapes
  concatenate,  ///< along an axis
};

/// Every layer of the same x, merged: `Parallel{{Dense{…}, Dense{…}}, Merge::concatenate, -1}`.
struct XGRAD_API Parallel {
  std::vector<Layer> layers;
  Merge merge = Merge::sum;
  std::int64_t axis = -1;  ///< that is concatenated
  /// Throws ValueError without layers, ShapeError if the results don't fit.
  [[nodiscard]] Tensor operator()(const Tensor& x) const;
};

}  // namespace xgrad::nn
