// Σ aᵢᵢ        Ā = g I
#include <algorithm>

#include "xgrad/operation.hpp"
#include "xgrad/solve.hpp"

#include "ops/decompositions/matrices.hpp"
#include "ops/decompositions/matrix_form.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

class TraceOperation final : public ops::MatrixOperation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "trace"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 1; }
  [[nodiscard]] ops::MatrixForm form() const noexcept override { return ops::MatrixForm::trace; }
  [[nodiscard]] Notation notation() const noexcept override { return {.symbol = "tr"}; }
  [[nodiscard]] bool may_throw() const noexcept override { return false; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const Tensor& a = ops::require_matrix(name(), inputs[0]);
    return {ops::batch_of_matrices(a.shape()), a.dtype()};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& g) const override {
    const Tensor& a = call.inputs[0];
    return {ops::unit_matrices(g, a.dim(-2), a.dim(-1))};
  }
  [[nodiscard]] Tensor jvp(const Call& /*call*/, std::span<const Tensor> tangents) const override {
    return trace(tangents[0]);
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    dispatch_floating(output.dtype, [&]<class T>(std::type_identity<T>) {
      const Shape& shape = inputs[0].shape;
      const std::int64_t rows = shape[shape.rank() - 2];
      const std::int64_t columns = shape.back();
      for (std::int64_t index = 0; index < output.shape.size(); ++index) {
        const T* a = inputs[0].as<T>() + index * rows * columns;
        double total = 0;
        for (std::int64_t i = 0; i < std::min(rows, columns); ++i) {
          total += static_cast<double>(a[i * (columns + 1)]);
        }
        output.as<T>()[index] = static_cast<T>(total);
      }
    });
  }
};

}  // namespace

Tensor trace(const Tensor& a) {
  static const auto operation = std::make_shared<const TraceOperation>();
  return apply(operation, {ops::require_matrix("trace", a)});
}

}  // namespace xgrad
