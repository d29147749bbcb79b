// argmax: the index of the first largest element along an axis; NaN counts as the largest. No gradient.
#include "xgrad/reduce.hpp"

#include "ops/reduce/position.hpp"
#include "run/reductions/reduce.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

class ArgmaxOperation final : public ops::Position {
 public:
  using Position::Position;

  [[nodiscard]] std::string_view name() const noexcept override { return "argmax"; }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const ConstArray& x = inputs[0];
    dispatch_numeric(x.dtype, [&]<class T>(std::type_identity<T>) {
      run::find_max(x.as<T>(), run::view_along(x.shape, axis()), output.as<std::int64_t>());
    });
  }
};

}  // namespace

Tensor argmax(const Tensor& x, std::int64_t axis, bool keep_dims) {
  return ops::reduce<ArgmaxOperation>("argmax", x, axis, keep_dims);
}

}  // namespace xgrad
