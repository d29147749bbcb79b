// segment_softmax: s = e^x / Σ e^x over the rows of a segment. As in softmax vjp and jvp are both s (g − Σ g s).
#include "xgrad/math.hpp"
#include "xgrad/segments.hpp"

#include "ops/index/segments.hpp"
#include "ops/rules.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

class SegmentSoftmaxOperation final : public ops::SegmentOperation {
 public:
  using SegmentOperation::SegmentOperation;

  [[nodiscard]] std::string_view name() const noexcept override { return "segment_softmax"; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const DType dtype = ops::require_floating(name(), inputs.first(1));
    ops::require_segments(name(), inputs[0], inputs[1], count());
    return {inputs[0].shape(), dtype};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    return {call.wants(0) ? times_jacobian(call, cotangent) : Tensor{}, Tensor{}};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    return tangents[0].defined() ? times_jacobian(call, tangents[0]) : Tensor{};
  }

  [[nodiscard]] std::size_t workspace_bytes(std::span<const Signature> inputs, const Signature& output) const override {
    return run::segment_softmax_bytes(output.dtype, run::view_along(inputs[0].shape.with(0, count()), 0));
  }
  void evaluate_in(std::span<std::byte> workspace, std::span<const ConstArray> inputs,
                   const Array& output) const override {
    dispatch_floating(output.dtype, [&]<class T>(std::type_identity<T>) {
      run::segment_softmax(segments_of(inputs), inputs[0].as<T>(), output.as<T>(), workspace.data());
    });
  }

 private:
  [[nodiscard]] Tensor times_jacobian(const Call& call, const Tensor& t) const {
    const Tensor& s = call.output;
    const Tensor along = segment_sum(chain_mul(t, s), call.inputs[1], count());
    return chain_mul(t - of_rows(call, along), s);
  }
};

}  // namespace

Tensor segment_softmax(const Tensor& x, const Tensor& segments, std::int64_t count) {
  return apply(std::make_shared<const SegmentSoftmaxOperation>(count), {x, segments});
}

}  // namespace xgrad
