// argmin: the index of the first smallest element along an axis; NaN counts as the smallest. No gradient.
#include "xgrad/reduce.hpp"

#include "ops/reduce/position.hpp"
#include "run/reductions/reduce.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

class ArgminOperation final : public ops::Position {
 public:
  using Position::Position;

  [[nodiscard]] std::string_view name() const noexcept override { return "argmin"; }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    const ConstArray& x = inputs[0];
    dispatch_numeric(x.dtype, [&]<class T>(std::type_identity<T>) {
      run::find_min(x.as<T>(), run::view_along(x.shape, axis()), output.as<std::int64_t>());
    });
  }
};

}  // namespace

Tensor argmin(const Tensor& x, std::int64_t axis, bool keep_dims) {
  return ops::reduce<ArgminOperation>("argmin", x, axis, keep_dims);
}

}  // namespace xgrad
