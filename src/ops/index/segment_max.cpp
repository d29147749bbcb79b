// segment_max: the largest row element of each segment, column by column; 0 of no rows.
// x̄ = g / k at the k elements that are as large.
#include "xgrad/math.hpp"
#include "xgrad/segments.hpp"

#include "ops/elementwise/slopes.hpp"
#include "ops/index/segments.hpp"
#include "ops/rules.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

class SegmentMaxOperation final : public ops::SegmentOperation {
 public:
  using SegmentOperation::SegmentOperation;

  [[nodiscard]] std::string_view name() const noexcept override { return "segment_max"; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const DType dtype = ops::require_numeric(name(), inputs.first(1));
    ops::require_segments(name(), inputs[0], inputs[1], count());
    return {inputs[0].shape().with(0, count()), dtype};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    if (!call.wants(0)) {
      return {Tensor{}, Tensor{}};
    }
    const auto [largest, ties] = at_largest(call);
    return {chain_mul(of_rows(call, chain_div(cotangent, ties)), largest), Tensor{}};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    if (!tangents[0].defined()) {
      return {};
    }
    const auto [largest, ties] = at_largest(call);
    return chain_div(segment_sum(chain_mul(tangents[0], largest), call.inputs[1], count()), ties);
  }

  [[nodiscard]] std::size_t workspace_bytes(std::span<const Signature> /*inputs*/,
                                            const Signature& output) const override {
    return run::segment_max_bytes(run::view_along(output.shape, 0));
  }
  void evaluate_in(std::span<std::byte> workspace, std::span<const ConstArray> inputs,
                   const Array& output) const override {
    dispatch_numeric(output.dtype, [&]<class T>(std::type_identity<T>) {
      run::segment_max(segments_of(inputs), inputs[0].as<T>(), output.as<T>(), workspace.data());
    });
  }

 private:
  struct Ties {
    Tensor largest;  ///< of x's shape: 1 where an element is its segment's largest, else 0
    Tensor count;    ///< of the result's: how many are, or 1 of no rows
  };
  [[nodiscard]] Ties at_largest(const Call& call) const {
    const Tensor largest = ops::equal_slope(call.inputs[0], of_rows(call, call.output));
    return {largest, maximum(segment_sum(largest, call.inputs[1], count()), 1)};
  }
};

}  // namespace

Tensor segment_max(const Tensor& x, const Tensor& segments, std::int64_t count) {
  return apply(std::make_shared<const SegmentMaxOperation>(count), {x, segments});
}

}  // namespace xgrad
