#include "ops/reduce/normalization.hpp"
#include "ops/reduce/reduction.hpp"
#include "ops/shared_operation.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad::ops {

namespace {

class SumOfProductsOperation final : public Reduction {
 public:
  using Reduction::Reduction;

  [[nodiscard]] std::string_view name() const noexcept override { return "sum_of_products"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 2; }
  [[nodiscard]] bool may_throw() const noexcept override { return false; }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const run::NormalizedView view = run::normalized_view(inputs[0].shape, axes()).value_or(run::NormalizedView{});
    dispatch_floating(output.dtype, [&]<class T>(std::type_identity<T>) {
      run::sum_of_products(inputs[0].as<T>(), inputs[1].as<T>(), view, output.as<T>());
    });
  }
};

}  // namespace

Tensor sum_of_products(const Tensor& g, const Tensor& n, const std::vector<std::size_t>& axes, bool keep_dims) {
  constexpr std::int64_t long_run = 16;
  const std::optional<run::NormalizedView> view = run::normalized_view(g.shape(), axes);
  if (!view || view->columns == 1 || view->run < long_run) {
    return {};
  }
  return apply(shared_operation<SumOfProductsOperation>(axes, keep_dims), {g, n});
}

}  // namespace xgrad::ops
