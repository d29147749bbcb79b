// mean: Σ x / n over axes; its adjoint repeats g / n along them. The mean of nothing is NaN, a constant: its derivative
// in any direction is the empty sum 0.
#include <algorithm>

#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/reduce.hpp"

#include "ops/reduce/reduction.hpp"
#include "ops/rules.hpp"
#include "run/reductions/reduce.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

class MeanOperation final : public ops::Reduction {
 public:
  using Reduction::Reduction;

  [[nodiscard]] std::string_view name() const noexcept override { return "mean"; }
  [[nodiscard]] Algebra algebra() const noexcept override { return Algebra::mean; }

  [[nodiscard]] DType infer_dtype(const Tensor& input) const override {
    return ops::require_floating(name(), {&input, 1});
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    const Shape& shape = call.inputs[0].shape();
    return {broadcast_to(keep(cotangent, shape) / divisor(shape), shape)};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    return reduced_count(call.inputs[0].shape()) == 0 ? sum(tangents[0], signed_axes(), keep_dims())
                                                      : mean(tangents[0], signed_axes(), keep_dims());
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const ConstArray& x = inputs[0];
    dispatch_floating(x.dtype, [&]<class T>(std::type_identity<T>) {
      run::reduce_mean(x.as<T>(), x.shape, axes(), reduced_count(x.shape), output.as<T>());
    });
  }

 private:
  [[nodiscard]] double reduced_count(const Shape& shape) const {
    return static_cast<double>(ops::count_along(shape, axes()));
  }
  // Of cotangents; 1 for the mean of nothing.
  [[nodiscard]] double divisor(const Shape& shape) const { return std::max(reduced_count(shape), 1.0); }
};

}  // namespace

Tensor mean(const Tensor& x, const Axes& axes, bool keep_dims) {
  return ops::reduce<MeanOperation>("mean", x, axes, keep_dims);
}

}  // namespace xgrad
