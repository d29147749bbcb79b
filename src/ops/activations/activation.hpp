#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/primitives.hpp"
#include "ops/shared_operation.hpp"
#include "run/isa.hpp"

/// Activations of one tensor, as two operations: f, and f′, which is one pass over the elements and not one per node of
/// its formula. Both come from one Formula, a small class of constants with
///
///   name, slope_name                          what f and f′ are called
///   T value(T x), T slope(T x)                of one element; or
///   kernel, slope_kernel                      members of run::VectorKernels; or
///   TileKernel tile(DType), slope_tile(DType) kernels that are given the operation
///   attributes()                              of both operations, if it has constants
///   Tensor times_curvature(call, t)           t f″(x) of a call of f′; without it f′ is a step, which has none
///
/// NaN in, NaN out. A step is 0, 1 or another constant between the kinks.
namespace xgrad::ops {

/// The base of operations that are the derivative f′ of an operation f. Formulas write them f′(z).
class Derivative : public Elementwise {
 public:
  [[nodiscard]] virtual OperationPointer antiderivative() const = 0;
};

/// f, if the operation is an f′; else null.
[[nodiscard]] OperationPointer antiderivative(const Operation& operation);

template <class Formula>
[[nodiscard]] std::vector<Attribute> attributes_of(const Formula& formula) {
  if constexpr (std::is_empty_v<Formula>) {
    return {};
  } else {
    return formula.attributes();
  }
}

/// f of each element, a few at a time: the output may be the input's memory, which a compiler that vectorises has to
/// know nothing of.
template <class T, class F>
void map_elements(const void* input, void* output, std::size_t count, F f) {
  constexpr std::size_t most = 256;
  const T* in = static_cast<const T*>(input);
  T* out = static_cast<T*>(output);
  std::array<T, most> x;
  for (std::size_t start = 0; start < count; start += most) {
    const std::size_t length = std::min(most, count - start);
    std::copy_n(in + start, length, x.begin());
    for (std::size_t k = 0; k < length; ++k) {
      out[start + k] = f(x[k]);
    }
  }
}

template <class Formula>
class Slope final : public Derivative {
 public:
  explicit Slope(Formula formula) : formula_{formula} {}

  [[nodiscard]] std::string_view name() const noexcept override { return Formula::slope_name; }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return attributes_of(formula_); }
  [[nodiscard]] OperationPointer antiderivative() const override;
  [[nodiscard]] const Formula& formula() const noexcept { return formula_; }

  [[nodiscard]] bool differentiable() const noexcept override { return is_smooth; }
  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t /*i*/, const Tensor& t) const override {
    if constexpr (is_smooth) {
      return formula_.times_curvature(call, t);
    } else {
      return {};
    }
  }

  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    if constexpr (requires { Formula::slope_kernel; }) {
      return run::vector_tile(Formula::slope_kernel, output);
    } else if constexpr (requires(const Formula& formula) { formula.slope_tile(output); }) {
      return formula_.slope_tile(output);
    } else {
      return output == float32 ? map<float> : map<double>;
    }
  }

 private:
  template <class T>
  static void map(const Operation& operation, const void* const* inputs, void* out, std::size_t count) {
    const Formula formula = static_cast<const Slope&>(operation).formula_;
    map_elements<T>(inputs[0], out, count, [formula](T x) { return formula.slope(x); });
  }

  static constexpr bool is_smooth = requires(const Formula& formula, const Call& call, const Tensor& t) {
    formula.times_curvature(call, t);
  };

  [[no_unique_address]] Formula formula_;
};

template <class Formula>
class Activation final : public Elementwise {
 public:
  explicit Activation(Formula formula) : formula_{formula} {}

  [[nodiscard]] std::string_view name() const noexcept override { return Formula::name; }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return attributes_of(formula_); }
  [[nodiscard]] Notation notation() const noexcept override { return {.primed = true}; }
  [[nodiscard]] const Formula& formula() const noexcept { return formula_; }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t /*i*/, const Tensor& t) const override;

  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    if constexpr (requires { Formula::kernel; }) {
      return run::vector_tile(Formula::kernel, output);
    } else if constexpr (requires(const Formula& formula) { formula.tile(output); }) {
      return formula_.tile(output);
    } else {
      return output == float32 ? map<float> : map<double>;
    }
  }

 private:
  template <class T>
  static void map(const Operation& operation, const void* const* inputs, void* out, std::size_t count) {
    const Formula formula = static_cast<const Activation&>(operation).formula_;
    map_elements<T>(inputs[0], out, count, [formula](T x) { return formula.value(x); });
  }

  [[no_unique_address]] Formula formula_;
};

/// One instance where there are no constants; else one of those that the thread made last.
template <template <class> class Kind, class Formula>
[[nodiscard]] std::shared_ptr<const Kind<Formula>> operation_of(const Formula& formula) {
  if constexpr (std::is_empty_v<Formula>) {
    static const auto operation = std::make_shared<const Kind<Formula>>(formula);
    return operation;
  } else {
    return shared_operation<Kind<Formula>>(formula);
  }
}

/// f(x).
template <class Formula>
[[nodiscard]] Tensor activation(const Tensor& x, const Formula& formula = {}) {
  return apply(operation_of<Activation>(formula), {x});
}

/// f′(x).
template <class Formula>
[[nodiscard]] Tensor slope(const Tensor& x, const Formula& formula = {}) {
  return apply(operation_of<Slope>(formula), {x});
}

template <class Formula>
OperationPointer Slope<Formula>::antiderivative() const {
  return operation_of<Activation>(formula_);
}

template <class Formula>
Tensor Activation<Formula>::times_partial(const Call& call, std::size_t /*i*/, const Tensor& t) const {
  return chain_mul(t, slope(call.inputs[0], formula_));
}

}  // namespace xgrad::ops
