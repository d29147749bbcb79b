// logsumexp: log Σ e^x over axes. ∂/∂x = softmax(x) over the same axes.

#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/reduce.hpp"

#include "ops/reduce/reduction.hpp"
#include "ops/reduce/softmax.hpp"
#include "ops/rules.hpp"
#include "run/reductions/softmax.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

// Over neighbouring axes.
class LogSumExpOperation final : public ops::Reduction {
 public:
  using Reduction::Reduction;

  [[nodiscard]] std::string_view name() const noexcept override { return "logsumexp"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::logsumexp; }

  [[nodiscard]] DType infer_dtype(const Tensor& input) const override {
    return ops::require_floating(name(), {&input, 1});
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    const Tensor& x = call.inputs[0];
    return {chain_mul(keep(cotangent, x.shape()), ops::softmax_over(x, first(), last()))};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    return sum(chain_mul(tangents[0], ops::softmax_over(call.inputs[0], first(), last())), signed_axes(), keep_dims());
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const ConstArray& x = inputs[0];
    dispatch_floating(x.dtype, [&]<class T>(std::type_identity<T>) {
      run::logsumexp(x.as<T>(), run::view_along(x.shape, first(), last()), output.as<T>());
    });
  }

 private:
  [[nodiscard]] std::size_t first() const noexcept { return axes().empty() ? 0 : axes().front(); }
  [[nodiscard]] std::size_t last() const noexcept { return axes().empty() ? 0 : axes().back() + 1; }
};

}  // namespace

Tensor logsumexp(const Tensor& x, const Axes& axes, bool keep_dims) {
  const auto normal = ops::require_axes("logsumexp", x, axes.values());
  if (normal.empty() || normal.back() - normal.front() + 1 == normal.size()) {
    return apply(std::make_shared<const LogSumExpOperation>(normal, keep_dims), {x});
  }
  static_cast<void>(ops::require_floating("logsumexp", {&x, 1}));
  std::vector<std::size_t> last;
  for (std::size_t i = x.rank() - normal.size(); i < x.rank(); ++i) {
    last.push_back(i);
  }
  const Tensor moved = permute(x, ops::axes_moved_last(x.rank(), normal));
  const Tensor result = apply(std::make_shared<const LogSumExpOperation>(std::move(last), false), {moved});
  return reshape(result, ops::reduced_shape(x.shape(), normal, keep_dims));
}

}  // namespace xgrad
