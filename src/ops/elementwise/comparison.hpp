#pragma once

#include <cstdint>

#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/primitives.hpp"
#include "ops/rules.hpp"

namespace xgrad::ops {

/// An element-wise relation of two tensors of one dtype, any; the result is bool and has no gradient.
///
/// `Relation` is a function object on two elements, false whenever one is NaN (but for not_equal), with
/// `static constexpr std::string_view name, symbol` and `static constexpr Algebra algebra`.
template <class Relation>
class Comparison final : public Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return Relation::name; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Relation::algebra; }
  [[nodiscard]] Notation notation() const noexcept override { return {Notation::Form::infix, Relation::symbol, 0}; }
  [[nodiscard]] bool differentiable() const noexcept override { return false; }

  [[nodiscard]] DType infer_dtype(std::span<const Tensor> inputs) const override {
    static_cast<void>(require_same(name(), inputs));
    return boolean;
  }

  [[nodiscard]] Tensor times_partial(const Call& /*call*/, std::size_t /*i*/, const Tensor& /*t*/) const override {
    return {};
  }

  template <class T>
  static bool value(T a, T b) noexcept {
    return Relation{}(a, b);
  }
  [[nodiscard]] TileKernel tile(std::span<const DType> inputs, DType /*output*/) const override {
    switch (inputs[0]) {
      case DType::float32:
        return tile_of<Comparison, bool, float, 2>();
      case DType::float64:
        return tile_of<Comparison, bool, double, 2>();
      case DType::int64:
        return tile_of<Comparison, bool, std::int64_t, 2>();
      case DType::boolean:
        return tile_of<Comparison, bool, bool, 2>();
    }
    return nullptr;
  }
};

template <class Relation>
[[nodiscard]] const OperationPointer& comparison() {
  static const OperationPointer operation = std::make_shared<const Comparison<Relation>>();
  return operation;
}

template <class Relation>
[[nodiscard]] Tensor compare(const Tensor& a, const Tensor& b) {
  return apply(comparison<Relation>(), {a, b});
}
template <class Relation>
[[nodiscard]] Tensor compare(const Tensor& a, double b) {
  return compare<Relation>(a, scalar_beside(Relation::name, b, a));
}

}  // namespace xgrad::ops
