// max: the largest element over axes, NaN if any is NaN; ties share the gradient equally.
#include "xgrad/reduce.hpp"

#include "ops/reduce/extremum.hpp"
#include "run/reductions/reduce.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

class MaxOperation final : public ops::Extremum {
 public:
  using Extremum::Extremum;

  [[nodiscard]] std::string_view name() const noexcept override { return "max"; }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const ConstArray& x = inputs[0];
    dispatch_numeric(
        x.dtype, [&]<class T>(std::type_identity<T>) { run::reduce_max(x.as<T>(), x.shape, axes(), output.as<T>()); });
  }
};

}  // namespace

Tensor max(const Tensor& x, const Axes& axes, bool keep_dims) {
  return ops::reduce<MaxOperation>("max", x, axes, keep_dims);
}

}  // namespace xgrad
