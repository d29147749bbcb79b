// The indices at some ranks of the sorted elements: what sort, argsort, topk, quantile and median gather. No gradient.
#include "ops/sorting/order.hpp"

#include "xgrad/operation.hpp"

#include "ops/rules.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad::ops {

namespace {

class OrderOperation final : public WorkspaceOperation {
 public:
  OrderOperation(std::string_view name, std::size_t axis, const run::Ranks& ranks)
      : name_{name}, axis_{axis}, ranks_{ranks} {}

  [[nodiscard]] std::string_view name() const noexcept override { return name_; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 1; }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    return {{"axis", static_cast<std::int64_t>(axis_)},
            {"first", ranks_.first},
            {"count", ranks_.count},
            {"descending", ranks_.descending},
            {"nans", static_cast<std::int64_t>(ranks_.nans)}};
  }
  [[nodiscard]] bool differentiable() const noexcept override { return false; }
  [[nodiscard]] bool may_throw() const noexcept override { return false; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    static_cast<void>(require_numeric(name(), inputs));
    return {inputs[0].shape().with(axis_, ranks_.count), int64};
  }

  [[nodiscard]] std::size_t workspace_bytes(std::span<const Signature> inputs,
                                            const Signature& /*output*/) const override {
    return run::indices_at_ranks_bytes(inputs[0].dtype, run::view_along(inputs[0].shape, axis_));
  }
  void evaluate_in(std::span<std::byte> workspace, std::span<const ConstArray> inputs,
                   const Array& output) const override {
    const ConstArray& x = inputs[0];
    dispatch_numeric(x.dtype, [&]<class T>(std::type_identity<T>) {
      run::indices_at_ranks(x.as<T>(), run::view_along(x.shape, axis_), ranks_, output.as<std::int64_t>(),
                            workspace.data());
    });
  }

 private:
  std::string_view name_;
  std::size_t axis_;
  run::Ranks ranks_;
};

}  // namespace

Tensor indices_at_ranks(std::string_view operation, const Tensor& x, std::size_t axis, const run::Ranks& ranks) {
  return apply(std::make_shared<const OrderOperation>(operation, axis, ranks), {x});
}

}  // namespace xgrad::ops
