// segment_sum: rows of x added up by segment; its adjoint is take. segment_mean: over the number of rows.
#include "xgrad/creation.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/segments.hpp"

#include "ops/index/segments.hpp"
#include "ops/rules.hpp"
#include "run/reductions/gather.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

class SegmentSumOperation final : public ops::SegmentOperation {
 public:
  using SegmentOperation::SegmentOperation;

  [[nodiscard]] std::string_view name() const noexcept override { return "segment_sum"; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const DType dtype = ops::require_numeric(name(), inputs.first(1));
    ops::require_segments(name(), inputs[0], inputs[1], count());
    return {inputs[0].shape().with(0, count()), dtype};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    return {call.wants(0) ? of_rows(call, cotangent) : Tensor{}, Tensor{}};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    return tangents[0].defined() ? segment_sum(tangents[0], call.inputs[1], count()) : Tensor{};
  }

  [[nodiscard]] std::size_t workspace_bytes(std::span<const Signature> inputs, const Signature& output) const override {
    return run::take_adjoint_bytes(output.dtype, run::view_along(output.shape, 0), inputs[1].shape.size());
  }
  void evaluate_in(std::span<std::byte> workspace, std::span<const ConstArray> inputs,
                   const Array& output) const override {
    dispatch_numeric(output.dtype, [&]<class T>(std::type_identity<T>) {
      run::take_adjoint(name(), inputs[0].as<T>(), run::view_along(output.shape, 0), inputs[1].as<std::int64_t>(),
                        inputs[1].shape.size(), output.as<T>(), workspace.data());
    });
  }
};

}  // namespace

Tensor segment_sum(const Tensor& x, const Tensor& segments, std::int64_t count) {
  return apply(std::make_shared<const SegmentSumOperation>(count), {x, segments});
}

Tensor segment_mean(const Tensor& x, const Tensor& segments, std::int64_t count) {
  ops::require_segments("segment_mean", x, segments, count);
  static_cast<void>(ops::require_floating("segment_mean", {&x, 1}));
  const Tensor total = segment_sum(x, segments, count);
  std::vector<std::int64_t> lengths(x.rank(), 1);
  lengths[0] = count;
  const Tensor one = broadcast_to(scalar(1, x.dtype()), segments.shape());
  const Tensor rows = segment_sum(one, segments, count);
  return total / reshape(maximum(rows, 1), lengths);
}

}  // namespace xgrad
