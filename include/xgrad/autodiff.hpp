#pragma once

#include <initializer_list>
#include <span>
#include <vector>

#include "xgrad/export.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/tensor.hpp"

/// Reverse and forward differentiation: graph in, graph out. Nothing is computed until a result is read; results can be
/// differentiated again. The cost in nodes is linear: a shared subgraph is visited once. No recursion.
namespace xgrad {

/// What happens to an x that y doesn't depend on.
enum class Unconnected : bool { error, zeros };

struct GradientOptions {
  /// The cotangent of y, of y's shape and dtype; may be left out if y is a scalar, and is then 1.
  Tensor cotangent = {};
  Unconnected unconnected = Unconnected::error;
};

/// ∂y/∂x for each x: tensors of the xs' shapes, in their order. An x may be any tensor y was computed from: a leaf, a
/// Parameter, an intermediate.
///
/// Throws ShapeError if y isn't a scalar and no cotangent is given, or the cotangent's shape is wrong; DTypeError if y
/// isn't floating; ValueError if y doesn't depend on some x (it names which), unless zeros are asked for.
[[nodiscard]] XGRAD_API std::vector<Tensor> gradients(const Tensor& y, std::span<const Tensor> xs,
                                                      const GradientOptions& options = {});
[[nodiscard]] XGRAD_API std::vector<Tensor> gradients(const Tensor& y, std::initializer_list<Tensor> xs,
                                                      const GradientOptions& options = {});
[[nodiscard]] XGRAD_API std::vector<Tensor> gradients(const Tensor& y, const std::vector<NamedParameter>& xs,
                                                      const GradientOptions& options = {});

struct ValueAndGradients {
  Tensor value;
  std::vector<Tensor> gradients;
};

/// As gradients, with y, all evaluated in one plan.
[[nodiscard]] XGRAD_API ValueAndGradients value_and_gradients(const Tensor& y, std::span<const Tensor> xs,
                                                              const GradientOptions& options = {});
[[nodiscard]] XGRAD_API ValueAndGradients value_and_gradients(const Tensor& y, std::initializer_list<Tensor> xs,
                                                              const GradientOptions& options = {});
[[nodiscard]] XGRAD_API ValueAndGradients value_and_gradients(const Tensor& y, const std::vector<NamedParameter>& xs,
                                                              const GradientOptions& options = {});

/// Vector-Jacobian product Σ_j cotangent_j · ∂y_j/∂x_i, for each x. One cotangent per y, of its shape.
[[nodiscard]] XGRAD_API std::vector<Tensor> vjp(std::span<const Tensor> ys, std::span<const Tensor> xs,
                                                std::span<const Tensor> cotangents,
                                                Unconnected unconnected = Unconnected::error);

/// Jacobian-vector product Σ_i ∂y_j/∂x_i · tangent_i, for each y, by the forward mode. One tangent per x, of its shape.
/// A y that depends on no x is an error, unless zeros are asked for.
[[nodiscard]] XGRAD_API std::vector<Tensor> jvp(std::span<const Tensor> ys, std::span<const Tensor> xs,
                                                std::span<const Tensor> tangents,
                                                Unconnected unconnected = Unconnected::error);

}  // namespace xgrad
