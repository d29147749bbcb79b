// x I for every number x        x̄ = tr G
#include <algorithm>

#include "xgrad/creation.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/solve.hpp"

#include "ops/decompositions/matrices.hpp"
#include "ops/decompositions/matrix_form.hpp"
#include "ops/rules.hpp"
#include "ops/shared_operation.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad::ops {

namespace {

class UnitMatrices final : public MatrixOperation {
 public:
  UnitMatrices(std::int64_t rows, std::int64_t columns) : rows_{rows}, columns_{columns} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "unit_matrices"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 1; }
  [[nodiscard]] MatrixForm form() const noexcept override { return MatrixForm::unit; }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return {{"rows", rows_}, {"columns", columns_}}; }
  [[nodiscard]] bool may_throw() const noexcept override { return false; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    return {with_matrix(inputs[0].shape(), rows_, columns_), require_floating(name(), inputs)};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& /*call*/, const Tensor& g) const override { return {trace(g)}; }
  [[nodiscard]] Tensor jvp(const Call& /*call*/, std::span<const Tensor> tangents) const override {
    return unit_matrices(tangents[0], rows_, columns_);
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    dispatch_floating(output.dtype, [&]<class T>(std::type_identity<T>) {
      std::fill_n(output.as<T>(), output.shape.size(), T{0});
      for (std::int64_t index = 0; index < inputs[0].shape.size(); ++index) {
        for (std::int64_t i = 0; i < std::min(rows_, columns_); ++i) {
          output.as<T>()[index * rows_ * columns_ + i * (columns_ + 1)] = inputs[0].as<T>()[index];
        }
      }
    });
  }

 private:
  std::int64_t rows_;
  std::int64_t columns_;
};

}  // namespace

Tensor unit_matrices(const Tensor& x, std::int64_t rows, std::int64_t columns) {
  return apply(shared_operation<UnitMatrices>(rows, columns), {x});
}

Tensor unit_matrix(std::int64_t n, DType dtype) {
  return unit_matrices(scalar(1, dtype), n, n);
}

}  // namespace xgrad::ops
