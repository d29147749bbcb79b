// sum: Σ x over axes; its adjoint repeats the cotangent along them.

#include "xgrad/manipulate.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/reduce.hpp"

#include "ops/reduce/reduction.hpp"
#include "run/reductions/reduce.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

class SumOperation final : public ops::Reduction {
 public:
  using Reduction::Reduction;

  [[nodiscard]] std::string_view name() const noexcept override { return "sum"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::sum; }
  [[nodiscard]] Notation notation() const noexcept override { return {Notation::Form::prefix, "Σ", 2}; }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    return {broadcast_to(keep(cotangent, call.inputs[0].shape()), call.inputs[0].shape())};
  }
  [[nodiscard]] Tensor jvp(const Call& /*call*/, std::span<const Tensor> tangents) const override {
    return sum(tangents[0], signed_axes(), keep_dims());
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const ConstArray& x = inputs[0];
    dispatch_numeric(
        x.dtype, [&]<class T>(std::type_identity<T>) { run::reduce_sum(x.as<T>(), x.shape, axes(), output.as<T>()); });
  }
};

}  // namespace

Tensor sum(const Tensor& x, const Axes& axes, bool keep_dims) {
  return ops::reduce<SumOperation>("sum", x, axes, keep_dims);
}

}  // namespace xgrad
