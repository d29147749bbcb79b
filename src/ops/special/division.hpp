#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "xgrad/elementary.hpp"
#include "xgrad/error.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/rules.hpp"

namespace xgrad::ops {

/// The rest a − q b of a division with a whole quotient q.        ∂a = 1, ∂b = −q
///
/// `Rule` has `static constexpr std::string_view name`, and `static T rest_of(T a, T b) noexcept` for float, double and
/// int64, there for b other than 0 and −1.
template <class Rule, bool IsWhole>
class Division final : public ElementwiseOperation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return Rule::name; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 2; }
  [[nodiscard]] bool may_throw() const noexcept override { return IsWhole; }

  [[nodiscard]] DType infer_dtype(std::span<const Tensor> inputs) const override {
    return require_numeric(name(), inputs);
  }

  [[nodiscard]] Tensor times_partial(const Call& call, std::size_t i, const Tensor& t) const override {
    if (i == 0) {
      return t;
    }
    // Not by rounding a / b, which may be whole where the quotient isn't.
    const Tensor quotient = round((call.inputs[0] - call.output) / call.inputs[1]);
    return -chain_mul(t, quotient);
  }

  template <class T>
  static T value(T a, T b) {
    if constexpr (IsWhole) {
      if (b == 0) {
        throw ValueError("[" + std::string{Rule::name} + "] found the divisor 0; int64 has no such rest");
      }
      if (b == -1) {
        return 0;  // the smallest number's quotient doesn't exist
      }
    }
    return Rule::rest_of(a, b);
  }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    if constexpr (IsWhole) {
      return tile_of<Division, std::int64_t, std::int64_t, 2>();
    } else {
      return floating_tile_of<Division, 2>(output);
    }
  }
};

template <class Rule>
[[nodiscard]] Tensor divide_with_rest(const Tensor& a, const Tensor& b) {
  static const auto floating = std::make_shared<const Division<Rule, false>>();
  static const auto whole = std::make_shared<const Division<Rule, true>>();
  return a.defined() && a.dtype() == int64 ? apply(whole, {a, b}) : apply(floating, {a, b});
}

}  // namespace xgrad::ops
