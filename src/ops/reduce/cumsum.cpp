// cumsum: running sums along an axis; its adjoint runs in the other direction.
#include "xgrad/operation.hpp"
#include "xgrad/reduce.hpp"

#include "ops/rules.hpp"
#include "run/reductions/scan.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

class CumsumOperation final : public Operation {
 public:
  CumsumOperation(std::size_t axis, bool reverse) : axis_{axis}, reverse_{reverse} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "cumsum"; }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    return {{"axis", signed_axis()}, {"reverse", reverse_}};
  }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    return {inputs[0].shape(), ops::require_numeric(name(), inputs)};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& /*call*/, const Tensor& cotangent) const override {
    return {cumsum(cotangent, signed_axis(), !reverse_)};
  }
  [[nodiscard]] Tensor jvp(const Call& /*call*/, std::span<const Tensor> tangents) const override {
    return cumsum(tangents[0], signed_axis(), reverse_);
  }

  [[nodiscard]] bool runs_in_place() const noexcept override { return true; }
  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const ConstArray& x = inputs[0];
    dispatch_numeric(x.dtype, [&]<class T>(std::type_identity<T>) {
      run::cumulative_sum(x.as<T>(), run::view_along(x.shape, axis_), reverse_, output.as<T>());
    });
  }

 private:
  [[nodiscard]] std::int64_t signed_axis() const noexcept { return static_cast<std::int64_t>(axis_); }

  std::size_t axis_;
  bool reverse_;
};

}  // namespace

Tensor cumsum(const Tensor& x, std::int64_t axis, bool reverse) {
  return apply(std::make_shared<const CumsumOperation>(ops::require_axis("cumsum", x, axis), reverse), {x});
}

}  // namespace xgrad
