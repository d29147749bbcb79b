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

/// The gradient by an x that y doesn't depend on: an error or zeros.
enum class Unconnected : bool { error, zeros };

struct GradientOptions {
  /// The cotangent of y, of y's shape and dtype; may be left out if y is a scalar, and is then 1.
  Tensor cotangent = {};
  Unconnected unconnected = Unconnected::error;
};

/// ∂y/∂x for each x: tensors of the xs' shapes, in their order. An x may be any tensor y was computed from: a leaf, a
/// Parameter, an intermediate. Make a variable() of an x that is neither Parameter nor variable, if anything computed
/// from it is read before: a tensor with none of them behind it lets its history go when it is read.
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
[[nodiscard]] inline std::vector<Tensor> vjp(std::initializer_list<Tensor> ys, std::initializer_list<Tensor> xs,
                                             std::initializer_list<Tensor> cotangents,
                                             Unconnected unconnected = Unconnected::error) {
  return vjp(std::span{ys.begin(), ys.size()}, std::span{xs.begin(), xs.size()},
             std::span{cotangents.begin(), cotangents.size()}, unconnected);
}

/// Jacobian-vector product Σ_i ∂y_j/∂x_i · tangent_i, for each y, by the forward mode. One tangent per x, of its shape.
/// A y that depends on no x is an error, unless zeros are asked for.
[[nodiscard]] XGRAD_API std::vector<Tensor> jvp(std::span<const Tensor> ys, std::span<const Tensor> xs,
                                                std::span<const Tensor> tangents,
                                                Unconnected unconnected = Unconnected::error);
[[nodiscard]] inline std::vector<Tensor> jvp(std::initializer_list<Tensor> ys, std::initializer_list<Tensor> xs,
                                             std::initializer_list<Tensor> tangents,
                                             Unconnected unconnected = Unconnected::error) {
  return jvp(std::span{ys.begin(), ys.size()}, std::span{xs.begin(), xs.size()},
             std::span{tangents.begin(), tangents.size()}, unconnected);
}

}  // namespace xgrad
