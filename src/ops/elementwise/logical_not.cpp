// ¬x of bools        no gradient
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/rules.hpp"

namespace xgrad {

namespace {

class LogicalNotOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "logical_not"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::logical_not; }
  [[nodiscard]] Notation notation() const noexcept override { return {Notation::Form::prefix, "¬", 3}; }
  [[nodiscard]] bool differentiable() const noexcept override { return false; }

  [[nodiscard]] DType infer_dtype(std::span<const Tensor> inputs) const override {
    ops::require_dtype(name(), inputs[0], boolean);
    return boolean;
  }

  [[nodiscard]] Tensor times_partial(const Call& /*call*/, std::size_t /*i*/, const Tensor& /*t*/) const override {
    return {};
  }

  static bool value(bool x) noexcept { return !x; }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType /*output*/) const override {
    return tile_of<LogicalNotOperation, bool, bool>();
  }
};

}  // namespace

Tensor logical_not(const Tensor& x) {
  static const auto operation = std::make_shared<const LogicalNotOperation>();
  return apply(operation, {x});
}

}  // namespace xgrad
