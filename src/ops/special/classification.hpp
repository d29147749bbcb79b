#pragma once

#include <memory>
#include <string_view>

#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/rules.hpp"

namespace xgrad::ops {

/// What kind of number an element of any dtype is, as bool. No gradient.
///
/// `Rule` is a predicate of a float or double, with `static constexpr std::string_view name`, and `static constexpr
/// bool of_whole_numbers`, which it is of every int64 and bool.
template <class Rule>
class Classification final : public Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return Rule::name; }
  [[nodiscard]] bool differentiable() const noexcept override { return false; }

  [[nodiscard]] DType infer_dtype(std::span<const Tensor> inputs) const override {
    static_cast<void>(require_same(name(), inputs));
    return boolean;
  }

  [[nodiscard]] Tensor times_partial(const Call& /*call*/, std::size_t /*i*/, const Tensor& /*t*/) const override {
    return {};
  }

  template <class T>
  static bool value(T x) noexcept {
    if constexpr (std::is_floating_point_v<T>) {
      return Rule{}(x);
    } else {
      return Rule::of_whole_numbers;
    }
  }
  [[nodiscard]] TileKernel tile(std::span<const DType> inputs, DType /*output*/) const override {
    switch (inputs[0]) {
      case DType::float32:
        return tile_of<Classification, bool, float>();
      case DType::float64:
        return tile_of<Classification, bool, double>();
      case DType::int64:
        return tile_of<Classification, bool, std::int64_t>();
      case DType::boolean:
        return tile_of<Classification, bool, bool>();
    }
    return nullptr;
  }
};

template <class Rule>
[[nodiscard]] Tensor classify(const Tensor& x) {
  static const auto operation = std::make_shared<const Classification<Rule>>();
  return apply(operation, {x});
}

}  // namespace xgrad::ops
