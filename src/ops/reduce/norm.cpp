// norm: √Σ x² over axes, where no square over- or underflows. ∂/∂x = x / norm, and 0 where the norm is 0.
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/reduce.hpp"

#include "ops/reduce/reduction.hpp"
#include "run/reductions/reduce.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

class NormOperation final : public ops::Reduction {
 public:
  using Reduction::Reduction;

  [[nodiscard]] std::string_view name() const noexcept override { return "norm"; }
  [[nodiscard]] Notation notation() const noexcept override { return {.symbol = "‖"}; }

  [[nodiscard]] DType infer_dtype(const Tensor& input) const override {
    return ops::require_floating(name(), {&input, 1});
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    return {chain_mul(keep(cotangent, call.inputs[0].shape()), direction(call))};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    return sum(chain_mul(tangents[0], direction(call)), signed_axes(), keep_dims());
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const ConstArray& x = inputs[0];
    dispatch_floating(
        x.dtype, [&]<class T>(std::type_identity<T>) { run::reduce_norm(x.as<T>(), x.shape, axes(), output.as<T>()); });
  }

 private:
  // Where the norm is 0, so is x.
  [[nodiscard]] Tensor direction(const Call& call) const {
    const Tensor& x = call.inputs[0];
    return chain_div(x, keep(call.output, x.shape()));
  }
};

}  // namespace

Tensor norm(const Tensor& x, const Axes& axes, bool keep_dims) {
  return ops::reduce<NormOperation>("norm", x, axes, keep_dims);
}

}  // namespace xgrad
