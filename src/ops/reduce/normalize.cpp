// normalize: x̂ = (x − μ) / √(σ² + ε) along axes        x̄ = (g − mean(g) − x̂ ⊙ mean(g ⊙ x̂)) / √(σ² + ε)
// rms_normalize: x̂ = x / √(mean(x²) + ε), likewise     x̄ = (g − x̂ ⊙ mean(g ⊙ x̂)) / √(mean(x²) + ε)
//
// With s = √(σ² + ε), ds = Σ x̂ dx / n and dx̂ = (dx − mean(dx)) / s − x̂ ds / s, which is symmetric: vjp and jvp are
// the same.
#include "xgrad/normalize.hpp"

#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"

#include "ops/reduce/normalization.hpp"
#include "ops/rules.hpp"
#include "ops/shared_operation.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

template <bool Centred>
class NormalizeOperation final : public ops::AlongAxes {
 public:
  using AlongAxes::AlongAxes;

  [[nodiscard]] std::string_view name() const noexcept override { return Centred ? "normalize" : "rms_normalize"; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    return {inputs[0].shape(), ops::require_floating(name(), inputs)};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    return {times_jacobian(call, cotangent)};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    return times_jacobian(call, tangents[0]);
  }

  [[nodiscard]] bool runs_in_place() const noexcept override { return true; }
  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const ConstArray& x = inputs[0];
    dispatch_floating(x.dtype, [&]<class T>(std::type_identity<T>) {
      run::normalize(x.as<T>(), view_of(x.shape), {Centred, epsilon()}, output.as<T>());
    });
  }

 private:
  [[nodiscard]] Tensor times_jacobian(const Call& call, const Tensor& t) const {
    const Tensor& normal = call.output;
    const Tensor along = chain_mul(mean_of(chain_mul(t, normal)), normal);
    if constexpr (Centred) {
      return chain_div(t - mean_of(t) - along, deviation(call.inputs[0], signed_axes(), epsilon()));
    } else {
      return chain_div(t - along, root_mean_square(call.inputs[0], signed_axes(), epsilon()));
    }
  }
};

template <bool Centred>
Tensor normalized(const char* name, const Tensor& x, const Axes& axes, double epsilon) {
  const ops::NormalizedInput input = ops::normalized_input(name, x, axes, epsilon);
  Tensor result = apply(ops::shared_operation<NormalizeOperation<Centred>>(input.axes, epsilon), {input.x});
  if (input.order.empty()) {
    return result;
  }
  std::vector<std::int64_t> back(input.order.size());
  for (std::size_t i = 0; i < back.size(); ++i) {
    back[static_cast<std::size_t>(input.order[i])] = static_cast<std::int64_t>(i);
  }
  return permute(result, back);
}

}  // namespace

Tensor normalize(const Tensor& x, const Axes& axes, double epsilon) {
  return normalized<true>("normalize", x, axes, epsilon);
}

Tensor rms_normalize(const Tensor& x, const Axes& axes, double epsilon) {
  return normalized<false>("rms_normalize", x, axes, epsilon);
}

}  // namespace xgrad
