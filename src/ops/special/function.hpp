#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "run/isa.hpp"

/// Functions of numbers as operations. They take float32 and float64. Without a vector kernel float32 is computed in
/// float64 and rounded, which leaves an error of hardly more than half a unit in the last place.
namespace xgrad::ops {

/// A function of one number. `Rule` has
///   static constexpr std::string_view name;
///   static Tensor times_slope(const Call& call, const Tensor& t);  t f′(x)
/// and one of
///   static double value(double x);
///   static constexpr run::VectorKernel run::VectorKernels::*kernel;
template <class Rule>
class UnaryFunction final : public Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return Rule::name; }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t /*i*/, const Tensor& t) const override {
    return Rule::times_slope(call, t);
  }

  template <class T>
  static T value(T x) {
    return static_cast<T>(Rule::value(static_cast<double>(x)));
  }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    if constexpr (requires { Rule::kernel; }) {
      return run::vector_tile(Rule::kernel, output);
    } else {
      return floating_tile_of<UnaryFunction>(output);
    }
  }
};

/// A function of two numbers. `Rule` has
///   static constexpr std::string_view name;
///   static Tensor times_slope(const Call& call, std::size_t i, const Tensor& t);  t ∂f/∂xᵢ
///   static double value(double a, double b);
template <class Rule>
class BinaryFunction final : public Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return Rule::name; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 2; }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t i, const Tensor& t) const override {
    return Rule::times_slope(call, i, t);
  }

  template <class T>
  static T value(T a, T b) {
    return static_cast<T>(Rule::value(static_cast<double>(a), static_cast<double>(b)));
  }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return floating_tile_of<BinaryFunction, 2>(output);
  }
};

template <class Rule>
[[nodiscard]] Tensor apply_unary(const Tensor& x) {
  static const auto operation = std::make_shared<const UnaryFunction<Rule>>();
  return apply(operation, {x});
}

template <class Rule>
[[nodiscard]] Tensor apply_binary(const Tensor& a, const Tensor& b) {
  static const auto operation = std::make_shared<const BinaryFunction<Rule>>();
  return apply(operation, {a, b});
}

}  // namespace xgrad::ops
