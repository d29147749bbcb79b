#pragma once

#include <concepts>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "xgrad/autodiff.hpp"
#include "xgrad/error.hpp"
#include "xgrad/export.hpp"
#include "xgrad/nn/parameters.hpp"
#include "xgrad/parameter.hpp"
#include "xgrad/tensor.hpp"

namespace xgrad::nn {

using xgrad::NamedTensor;

/// The results of a layer's backward pass for one upstream cotangent.
struct LayerGradients {
  Tensor output;                        ///< of the forward pass
  std::vector<Tensor> inputs;           ///< one cotangent per input, of its shape
  std::vector<NamedTensor> parameters;  ///< one per parameter, by its name in the layer

  /// The cotangent of one parameter. Throws ValueError that lists the names there are.
  [[nodiscard]] XGRAD_API const Tensor& operator[](std::string_view parameter) const;
};

/// Differentiates an output with respect to inputs and parameters; backward() calls it. Inputs and parameters that the
/// output doesn't depend on get zeros. Throws ShapeError, DTypeError if `upstream` isn't like the output.
[[nodiscard]] XGRAD_API LayerGradients differentiate(const Tensor& output, std::span<const Tensor> inputs,
                                                     const std::vector<NamedParameter>& parameters,
                                                     const Tensor& upstream);

/// The backward pass of a layer, generated from its forward: call it with the inputs and the upstream cotangent.
template <class L>
class Backward {
 public:
  explicit Backward(L layer) : layer_{std::move(layer)} {}

  [[nodiscard]] LayerGradients operator()(
      const Tensor& x, const Tensor& upstream) const requires std::invocable<const L&, const Tensor&> {
    return differentiate(layer_(x), {&x, 1}, parameters(layer_), upstream);
  }

  /// For a layer of one to four inputs. Throws ValueError if their number isn't the layer's.
  [[nodiscard]] LayerGradients operator()(const std::vector<Tensor>& x, const Tensor& upstream) const {
    return differentiate(output(x), x, parameters(layer_), upstream);
  }

 private:
  using T = const Tensor&;

  [[nodiscard]] Tensor output(const std::vector<Tensor>& x) const {
    if constexpr (std::invocable<const L&, T>) {
      if (x.size() == 1) {
        return layer_(x[0]);
      }
    }
    if constexpr (std::invocable<const L&, T, T>) {
      if (x.size() == 2) {
        return layer_(x[0], x[1]);
      }
    }
    if constexpr (std::invocable<const L&, T, T, T>) {
      if (x.size() == 3) {
        return layer_(x[0], x[1], x[2]);
      }
    }
    if constexpr (std::invocable<const L&, T, T, T, T>) {
      if (x.size() == 4) {
        return layer_(x[0], x[1], x[2], x[3]);
      }
    }
    throw ValueError("[backward] the layer doesn't take " + std::to_string(x.size()) + " inputs; expected" +
                     (std::invocable<const L&, T> ? " 1" : "") + (std::invocable<const L&, T, T> ? " 2" : "") +
                     (std::invocable<const L&, T, T, T> ? " 3" : "") +
                     (std::invocable<const L&, T, T, T, T> ? " 4" : ""));
  }

  L layer_;
};

template <class L>
[[nodiscard]] Backward<L> backward(L layer) {
  return Backward<L>{std::move(layer)};
}

template <class L>
[[nodiscard]] LayerGradients backward(const L& layer, const std::vector<Tensor>& inputs, const Tensor& upstream) {
  return Backward<L>{layer}(inputs, upstream);
}

}  // namespace xgrad::nn
