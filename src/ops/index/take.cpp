// take: rows of x by index, result x.shape[:axis] + indices.shape + x.shape[axis+1:]; its adjoint is take_adjoint.

#include "xgrad/index.hpp"
#include "xgrad/operation.hpp"

#include "ops/rules.hpp"
#include "run/reductions/gather.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

class TakeOperation final : public Operation {
 public:
  explicit TakeOperation(std::size_t axis) : axis_{axis} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "take"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::take; }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return {{"axis", signed_axis()}}; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    ops::require_dtype(name(), inputs[1], int64);
    std::vector<std::int64_t> lengths = inputs[0].shape().to_vector();
    const Shape& indices = inputs[1].shape();
    const auto position = lengths.erase(lengths.begin() + static_cast<std::ptrdiff_t>(axis_));
    lengths.insert(position, indices.begin(), indices.end());
    return {Shape{lengths}, inputs[0].dtype()};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    return {call.wants(0) ? take_adjoint(cotangent, call.inputs[1], call.inputs[0].shape()[axis_], signed_axis())
                          : Tensor{},
            Tensor{}};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    return tangents[0].defined() ? take(tangents[0], call.inputs[1], signed_axis()) : Tensor{};
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const ConstArray& x = inputs[0];
    const ConstArray& indices = inputs[1];
    dispatch(x.dtype, [&]<class T>(std::type_identity<T>) {
      run::take(name(), x.as<T>(), run::view_along(x.shape, axis_), indices.as<std::int64_t>(), indices.shape.size(),
                output.as<T>());
    });
  }

 private:
  [[nodiscard]] std::int64_t signed_axis() const noexcept { return static_cast<std::int64_t>(axis_); }

  std::size_t axis_;
};

}  // namespace

Tensor take(const Tensor& x, const Tensor& indices, std::int64_t axis) {
  return apply(std::make_shared<const TakeOperation>(ops::require_axis("take", x, axis)), {x, indices});
}

}  // namespace xgrad
