// a ∨ b of bools        no gradient
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/elementwise/elementwise.hpp"
#include "ops/rules.hpp"

namespace xgrad {

namespace {

class LogicalOrOperation final : public ops::Elementwise {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "logical_or"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 2; }
  [[nodiscard]] Notation notation() const noexcept override { return {Notation::Form::infix, "∨", -2}; }
  [[nodiscard]] bool differentiable() const noexcept override { return false; }

  [[nodiscard]] DType infer_dtype(std::span<const Tensor> inputs) const override {
    ops::require_dtype(name(), inputs[0], boolean);
    ops::require_dtype(name(), inputs[1], boolean);
    return boolean;
  }

  [[nodiscard]] Tensor times_partial(const Call& /*call*/, std::size_t /*i*/, const Tensor& /*t*/) const override {
    return {};
  }

  static bool value(bool a, bool b) noexcept { return a || b; }
  [[nodiscard]] TileKernel tile(std::span<const DType> /*inputs*/, DType /*output*/) const override {
    return tile_of<LogicalOrOperation, bool, bool, 2>();
  }
};

}  // namespace

Tensor logical_or(const Tensor& a, const Tensor& b) {
  static const auto operation = std::make_shared<const LogicalOrOperation>();
  return apply(operation, {a, b});
}

}  // namespace xgrad
