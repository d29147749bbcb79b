#include "ops/decompositions/lu.hpp"

namespace xgrad::ops {

namespace {

class LuFactors final : public MatrixOperation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "lu_factors"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 1; }
  [[nodiscard]] MatrixForm form() const noexcept override { return MatrixForm::factors; }
  [[nodiscard]] bool differentiable() const noexcept override { return false; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const Tensor& a = require_square(name(), inputs[0]);
    return {with_matrix(batch_of_matrices(a.shape()), a.dim(-1) + 1, a.dim(-1)), a.dtype()};
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    dispatch_floating(output.dtype, [&]<class T>(std::type_identity<T>) {
      const Shape& shape = inputs[0].shape;
      run::lu(name(), batch_of_matrices(shape), shape.back(), inputs[0].as<T>(), output.as<T>());
    });
  }
};

}  // namespace

Tensor lu_factors(const Tensor& a) {
  static const auto operation = std::make_shared<const LuFactors>();
  return apply(operation, {a});
}

}  // namespace xgrad::ops
