// logcumsumexp: yᵢ = log Σⱼ≤ᵢ e^xⱼ along an axis. With the shares pᵢ = e^(xᵢ − yᵢ) of an element in its sum and
// qᵢ = e^(yᵢ₋₁ − yᵢ) of all before it:
//   ẏᵢ = pᵢ ẋᵢ + qᵢ ẏᵢ₋₁        x̄ⱼ = pⱼ rⱼ, rⱼ = gⱼ + qⱼ₊₁ rⱼ₊₁        ṗᵢ = pᵢ (ẋᵢ − ẏᵢ)        q̇ᵢ = qᵢ (ẏᵢ₋₁ − ẏᵢ)
// Shares come from x, not from the rounded y.
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/scans.hpp"

#include "ops/reduce/linear_recurrence.hpp"
#include "ops/rules.hpp"
#include "run/reductions/running.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

enum class Part : std::uint8_t { last, before };

Tensor share(const Tensor& x, std::size_t axis, Part part);

Tensor pulled_back(const Tensor& x, std::size_t axis, const Tensor& cotangent) {
  const Tensor next = ops::neighbours(share(x, axis, Part::before), axis, true, 0);
  return chain_mul(ops::linear_recurrence(next, cotangent, axis, true), share(x, axis, Part::last));
}

Tensor pushed_forward(const Tensor& x, std::size_t axis, const Tensor& tangent) {
  return ops::linear_recurrence(share(x, axis, Part::before), chain_mul(tangent, share(x, axis, Part::last)), axis,
                                false);
}

/// p or q.
class RunningShareOperation final : public Operation {
 public:
  RunningShareOperation(std::size_t axis, Part part) : axis_{axis}, part_{part} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "running_share"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 1; }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    return {{"axis", static_cast<std::int64_t>(axis_)}, {"of_last", part_ == Part::last}};
  }
  [[nodiscard]] bool may_throw() const noexcept override { return false; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    return {inputs[0].shape(), ops::require_floating(name(), inputs)};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    const Tensor weighted = chain_mul(cotangent, call.output);
    return {part_ == Part::last
                ? weighted - pulled_back(call.inputs[0], axis_, weighted)
                : pulled_back(call.inputs[0], axis_, ops::neighbours(weighted, axis_, true, 0) - weighted)};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    const Tensor of_sum = pushed_forward(call.inputs[0], axis_, tangents[0]);
    const Tensor of_part = part_ == Part::last ? tangents[0] : ops::neighbours(of_sum, axis_, false, 0);
    return chain_mul(of_part - of_sum, call.output);
  }

  [[nodiscard]] bool runs_in_place() const noexcept override { return true; }
  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const ConstArray& x = inputs[0];
    dispatch_floating(x.dtype, [&]<class T>(std::type_identity<T>) {
      const auto shares = part_ == Part::last ? run::shares_of_last<T> : run::shares_before_last<T>;
      shares(x.as<T>(), run::view_along(x.shape, axis_), output.as<T>());
    });
  }

 private:
  std::size_t axis_;
  Part part_;
};

Tensor share(const Tensor& x, std::size_t axis, Part part) {
  return apply(std::make_shared<const RunningShareOperation>(axis, part), {x});
}

class LogcumsumexpOperation final : public Operation {
 public:
  explicit LogcumsumexpOperation(std::size_t axis) : axis_{axis} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "logcumsumexp"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 1; }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    return {{"axis", static_cast<std::int64_t>(axis_)}};
  }
  [[nodiscard]] bool may_throw() const noexcept override { return false; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    return {inputs[0].shape(), ops::require_floating(name(), inputs)};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    return {pulled_back(call.inputs[0], axis_, cotangent)};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    return pushed_forward(call.inputs[0], axis_, tangents[0]);
  }

  [[nodiscard]] bool runs_in_place() const noexcept override { return true; }
  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const ConstArray& x = inputs[0];
    dispatch_floating(x.dtype, [&]<class T>(std::type_identity<T>) {
      run::cumulative_logsumexp(x.as<T>(), run::view_along(x.shape, axis_), output.as<T>());
    });
  }

 private:
  std::size_t axis_;
};

}  // namespace

Tensor logcumsumexp(const Tensor& x, std::int64_t axis) {
  return apply(std::make_shared<const LogcumsumexpOperation>(ops::require_axis("logcumsumexp", x, axis)), {x});
}

}  // namespace xgrad
