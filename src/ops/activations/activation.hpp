#pragma once

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
///   TileKernel tile(DType), slope_tile(DType) static, kernels that are given the operation
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

  template <class T>
  [[nodiscard]] T value(T x) const noexcept {
    return formula_.slope(x);
  }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    if constexpr (requires { Formula::slope_kernel; }) {
      return run::vector_tile(Formula::slope_kernel, output);
    } else if constexpr (requires { Formula::slope_tile(output); }) {
      return Formula::slope_tile(output);
    } else {
      return floating_tile_of<Slope>(output);
    }
  }

 private:
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

  template <class T>
  [[nodiscard]] T value(T x) const noexcept {
    return formula_.value(x);
  }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    if constexpr (requires { Formula::kernel; }) {
      return run::vector_tile(Formula::kernel, output);
    } else if constexpr (requires { Formula::tile(output); }) {
      return Formula::tile(output);
    } else {
      return floating_tile_of<Activation>(output);
    }
  }

 private:
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
