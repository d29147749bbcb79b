#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/rules.hpp"
#include "run/isa.hpp"

namespace xgrad::ops {

/// A number to a whole one; int64 stays as it is. The result is a constant to derivatives.
///
/// `Rule` has `static constexpr std::string_view name`, and `static constexpr run::VectorKernel
/// run::VectorKernels::*kernel`.
template <class Rule>
class Rounding final : public Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return Rule::name; }
  [[nodiscard]] bool differentiable() const noexcept override { return false; }

  [[nodiscard]] DType infer_dtype(std::span<const Tensor> inputs) const override {
    return require_numeric(name(), inputs);
  }

  [[nodiscard]] Tensor times_partial(const Call& /*call*/, std::size_t /*i*/, const Tensor& /*t*/) const override {
    return {};
  }

  static std::int64_t value(std::int64_t x) noexcept { return x; }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType output) const override {
    return output == int64 ? tile_of<Rounding, std::int64_t, std::int64_t>() : run::vector_tile(Rule::kernel, output);
  }
};

template <class Rule>
[[nodiscard]] Tensor round_by(const Tensor& x) {
  static const auto operation = std::make_shared<const Rounding<Rule>>();
  return apply(operation, {x});
}

}  // namespace xgrad::ops
