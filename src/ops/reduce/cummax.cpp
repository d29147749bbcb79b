// cummax, cummin: the running extremum along an axis and its index. The derivative is gather's.
#include "xgrad/index.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/scans.hpp"

#include "ops/rules.hpp"
#include "run/reductions/running.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

/// The indices.
class RunningExtremumOperation final : public Operation {
 public:
  RunningExtremumOperation(std::size_t axis, bool largest) : axis_{axis}, largest_{largest} {}

  [[nodiscard]] std::string_view name() const noexcept override { return largest_ ? "cummax" : "cummin"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 1; }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    return {{"axis", static_cast<std::int64_t>(axis_)}, {"largest", largest_}};
  }
  [[nodiscard]] bool differentiable() const noexcept override { return false; }
  [[nodiscard]] bool may_throw() const noexcept override { return false; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    static_cast<void>(ops::require_numeric(name(), inputs));
    return {inputs[0].shape(), int64};
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const ConstArray& x = inputs[0];
    dispatch_numeric(x.dtype, [&]<class T>(std::type_identity<T>) {
      const auto extremum = largest_ ? run::running_max<T> : run::running_min<T>;
      extremum(x.as<T>(), run::view_along(x.shape, axis_), output.as<std::int64_t>());
    });
  }

 private:
  std::size_t axis_;
  bool largest_;
};

Selected running_extremum(const Tensor& x, std::int64_t axis, bool largest) {
  const std::size_t normal = ops::require_axis(largest ? "cummax" : "cummin", x, axis);
  const Tensor indices = apply(std::make_shared<const RunningExtremumOperation>(normal, largest), {x});
  return {gather(x, indices, axis), indices};
}

}  // namespace

Selected cummax(const Tensor& x, std::int64_t axis) {
  return running_extremum(x, axis, true);
}

Selected cummin(const Tensor& x, std::int64_t axis) {
  return running_extremum(x, axis, false);
}

}  // namespace xgrad
