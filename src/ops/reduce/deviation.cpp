// deviation: √(σ² + ε) along axes, which stay with length 1        x̄ = g x̂ / n
// root_mean_square: √(mean(x²) + ε), likewise
//
// With x̂ of normalize, rms_normalize.
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/normalize.hpp"

#include "ops/reduce/normalization.hpp"
#include "ops/reduce/reduction.hpp"
#include "ops/rules.hpp"
#include "ops/shared_operation.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

template <bool Centred>
class DeviationOperation final : public ops::AlongAxes {
 public:
  using AlongAxes::AlongAxes;

  [[nodiscard]] std::string_view name() const noexcept override { return Centred ? "deviation" : "root_mean_square"; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    return {ops::reduced_shape(inputs[0].shape(), axes(), true), ops::require_floating(name(), inputs)};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    const Tensor& x = call.inputs[0];
    const auto count = static_cast<double>(ops::count_along(x.shape(), axes()));
    return {chain_mul(cotangent / count, normal(x))};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    return mean_of(chain_mul(tangents[0], normal(call.inputs[0])));
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const ConstArray& x = inputs[0];
    dispatch_floating(x.dtype, [&]<class T>(std::type_identity<T>) {
      run::deviation(x.as<T>(), view_of(x.shape), {Centred, epsilon()}, output.as<T>());
    });
  }

 private:
  [[nodiscard]] Tensor normal(const Tensor& x) const {
    return Centred ? normalize(x, signed_axes(), epsilon()) : rms_normalize(x, signed_axes(), epsilon());
  }
};

template <bool Centred>
Tensor deviation_of(const char* name, const Tensor& x, const Axes& axes, double epsilon) {
  const ops::NormalizedInput input = ops::normalized_input(name, x, axes, epsilon);
  const Tensor result = apply(ops::shared_operation<DeviationOperation<Centred>>(input.axes, epsilon), {input.x});
  return input.order.empty()
             ? result
             : reshape(result, ops::reduced_shape(x.shape(), ops::require_axes(name, x, axes.values()), true));
}

}  // namespace

Tensor deviation(const Tensor& x, const Axes& axes, double epsilon) {
  return deviation_of<true>("deviation", x, axes, epsilon);
}

Tensor root_mean_square(const Tensor& x, const Axes& axes, double epsilon) {
  return deviation_of<false>("root_mean_square", x, axes, epsilon);
}

}  // namespace xgrad
