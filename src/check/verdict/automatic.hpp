#pragma once

#include <vector>

#include "xgrad/tensor.hpp"

#include "check/verdict/agreement.hpp"

namespace xgrad::check {

/// A loss, and ∂Loss/∂x of each tensor by automatic differentiation.
struct Automatic {
  double loss = 0;
  std::vector<std::vector<double>> gradients;  ///< zeros where the loss doesn't depend on it
  std::vector<bool> connected;                 ///< whether the loss depends differentiably on it
  std::vector<Rounding> rounding;              ///< of each, or empty: see weigh_rounding()

  /// Empty if it isn't known.
  [[nodiscard]] const Rounding& rounding_at(std::size_t i) const noexcept {
    static const Rounding unknown;
    return rounding.empty() ? unknown : rounding[i];
  }
};

/// By one reverse sweep, in a copy of the graph: tensors that are held keep their history. Throws as gradients().
[[nodiscard]] Automatic differentiate(const Tensor& loss, const std::vector<Tensor>& tensors);

}  // namespace xgrad::check
