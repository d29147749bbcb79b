#include "ops/reduce/normalization.hpp"
#include "ops/rules.hpp"
#include "ops/shared_operation.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad::ops {

namespace {

class NormalizeAdjointOperation final : public Operation {
 public:
  NormalizeAdjointOperation(std::vector<std::size_t> axes, bool centred) : axes_{std::move(axes)}, centred_{centred} {}

  [[nodiscard]] std::string_view name() const noexcept override {
    return centred_ ? "normalize_adjoint" : "rms_normalize_adjoint";
  }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    return {{"axes", std::vector<std::int64_t>(axes_.begin(), axes_.end())}, {"centred", centred_}};
  }
  [[nodiscard]] unsigned input_count() const noexcept override { return 3; }
  [[nodiscard]] bool may_throw() const noexcept override { return false; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    return {inputs[0].shape(), require_floating(name(), inputs)};
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const run::NormalizedView view = run::normalized_view(output.shape, axes_).value_or(run::NormalizedView{});
    dispatch_floating(output.dtype, [&]<class T>(std::type_identity<T>) {
      run::normalize_adjoint(inputs[0].as<T>(), inputs[1].as<T>(), inputs[2].as<T>(), view, centred_, output.as<T>());
    });
  }

 private:
  std::vector<std::size_t> axes_;
  bool centred_;
};

}  // namespace

Tensor normalize_adjoint(const Tensor& g, const Tensor& n, const Tensor& d, const std::vector<std::size_t>& axes,
                         bool centred) {
  const std::optional<run::NormalizedView> view = run::normalized_view(g.shape(), axes);
  if (!view || (view->columns > 1 && view->run == 1)) {
    return {};
  }
  return apply(shared_operation<NormalizeAdjointOperation>(axes, centred), {g, n, d});
}

}  // namespace xgrad::ops
