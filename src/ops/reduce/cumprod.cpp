// cumprod: yᵢ = ∏ⱼ≤ᵢ xⱼ along an axis. x̄ⱼ = rⱼ ∏ₖ<ⱼ xₖ with rⱼ = gⱼ + xⱼ₊₁ rⱼ₊₁: no division, so right with zeros.
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/scans.hpp"

#include "ops/reduce/linear_recurrence.hpp"
#include "ops/rules.hpp"
#include "run/reductions/running.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

class CumprodOperation final : public Operation {
 public:
  explicit CumprodOperation(std::size_t axis) : axis_{axis} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "cumprod"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 1; }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    return {{"axis", static_cast<std::int64_t>(axis_)}};
  }
  [[nodiscard]] bool may_throw() const noexcept override { return false; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    return {inputs[0].shape(), ops::require_numeric(name(), inputs)};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    const Tensor next = ops::neighbours(call.inputs[0], axis_, true, 0);
    return {chain_mul(ops::linear_recurrence(next, cotangent, axis_, true), products_before(call))};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    return ops::linear_recurrence(call.inputs[0], chain_mul(tangents[0], products_before(call)), axis_, false);
  }

  [[nodiscard]] bool runs_in_place() const noexcept override { return true; }
  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const ConstArray& x = inputs[0];
    dispatch_numeric(x.dtype, [&]<class T>(std::type_identity<T>) {
      run::cumulative_product(x.as<T>(), run::view_along(x.shape, axis_), output.as<T>());
    });
  }

 private:
  [[nodiscard]] Tensor products_before(const Call& call) const { return ops::neighbours(call.output, axis_, false, 1); }

  std::size_t axis_;
};

}  // namespace

Tensor cumprod(const Tensor& x, std::int64_t axis) {
  return apply(std::make_shared<const CumprodOperation>(ops::require_axis("cumprod", x, axis)), {x});
}

}  // namespace xgrad
