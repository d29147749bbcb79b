#pragma once

#include <span>
#include <vector>

#include "xgrad/tensor.hpp"

namespace xgrad::autodiff {

/// How the cotangents of one tensor's parts are added up.
enum class Sums : bool {
  combined,     ///< by concatenation, or in one tensor: they cost no more than the tensor and its parts
  written_out,  ///< each in a tensor of zeros, as formulas write them
};

/// The cotangent of each x, undefined where no y depends on it. Shapes and dtypes have been checked. Nodes behind
/// `constants`, a few tensors, aren't visited, nor are nodes older than the xs.
[[nodiscard]] std::vector<Tensor> reverse(std::span<const Tensor> ys, std::span<const Tensor> xs,
                                          std::span<const Tensor> cotangents, std::span<const Tensor> constants = {},
                                          Sums sums = Sums::combined);

/// As gradients() of a scalar, checks and all, but undefined for the xs that y doesn't depend on.
[[nodiscard]] std::vector<Tensor> connected_gradients(const Tensor& y, std::span<const Tensor> xs);

/// The tangent of each y, undefined where it depends on no x. Shapes and dtypes have been checked.
[[nodiscard]] std::vector<Tensor> forward(std::span<const Tensor> ys, std::span<const Tensor> xs,
                                          std::span<const Tensor> tangents);

}  // namespace xgrad::autodiff
