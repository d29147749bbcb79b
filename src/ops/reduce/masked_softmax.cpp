// masked_softmax: p = e^x / Σ e^x along the last axis, over the elements for which a mask holds; 0 elsewhere.
// x̄ = p (g − Σ g p), as of softmax; none for the mask.
#include "run/reductions/masked_softmax.hpp"

#include <fmt/format.h>

#include "xgrad/error.hpp"
#include "xgrad/math.hpp"
#include "xgrad/normalize.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/reduce.hpp"

#include "graph/node.hpp"
#include "ops/rules.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

class MaskedSoftmaxOperation final : public Operation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "masked_softmax"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 2; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const Tensor& x = inputs[0];
    const Tensor& mask = inputs[1];
    const DType dtype = ops::require_floating(name(), {&x, 1});
    ops::require_dtype(name(), mask, boolean);
    if (x.rank() == 0) {
      throw ShapeError(fmt::format("[masked_softmax] of a scalar, {}; expected at least one axis", graph::label(x)));
    }
    Shape common;
    if (!broadcast(x.shape(), mask.shape(), common) || common != x.shape()) {
      throw ShapeError(
          fmt::format("[masked_softmax] the mask {} doesn't broadcast to {}", graph::label(mask), graph::label(x)));
    }
    return {x.shape(), dtype};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    return {times_jacobian(call, cotangent), Tensor{}};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    return tangents[0].defined() ? times_jacobian(call, tangents[0]) : Tensor{};
  }

  [[nodiscard]] bool may_throw() const noexcept override { return false; }
  [[nodiscard]] bool runs_in_place() const noexcept override { return true; }
  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const ConstArray& x = inputs[0];
    const ConstArray& mask = inputs[1];
    dispatch_floating(x.dtype, [&]<class T>(std::type_identity<T>) {
      run::masked_softmax(x.as<T>(), x.shape, mask.as<bool>(), mask.shape, output.as<T>());
    });
  }

 private:
  [[nodiscard]] static Tensor times_jacobian(const Call& call, const Tensor& t) {
    const Tensor& p = call.output;
    return chain_mul(t - sum(chain_mul(t, p), -1, true), p);
  }
};

}  // namespace

Tensor masked_softmax(const Tensor& x, const Tensor& mask) {
  static const auto operation = std::make_shared<const MaskedSoftmaxOperation>();
  return apply(operation, {x, mask});
}

}  // namespace xgrad
