// The lower or upper triangle, the diagonal times a factor: linear, and its own adjoint. Φ of Murray (2016) is the
// lower one with half the diagonal.
#include "xgrad/operation.hpp"

#include "ops/decompositions/matrices.hpp"
#include "ops/decompositions/matrix_form.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad::ops {

namespace {

class TriangleOperation final : public MatrixOperation {
 public:
  TriangleOperation(bool lower, double diagonal) : lower_{lower}, diagonal_{diagonal} {}

  [[nodiscard]] std::string_view name() const noexcept override { return "triangle"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 1; }
  [[nodiscard]] MatrixForm form() const noexcept override { return MatrixForm::triangle; }
  [[nodiscard]] Notation notation() const noexcept override {
    constexpr double half = 0.5;
    const std::string_view lower = diagonal_ == half ? "Φ" : "tril";
    return {.symbol = lower_ ? lower : "triu"};
  }
  [[nodiscard]] std::vector<Attribute> attributes() const override {
    return {{"lower", lower_}, {"diagonal", diagonal_}};
  }
  [[nodiscard]] bool may_throw() const noexcept override { return false; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const Tensor& x = require_square(name(), inputs[0]);
    return {x.shape(), x.dtype()};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& /*call*/, const Tensor& g) const override {
    return {triangle(g, lower_, diagonal_)};
  }
  [[nodiscard]] Tensor jvp(const Call& /*call*/, std::span<const Tensor> tangents) const override {
    return triangle(tangents[0], lower_, diagonal_);
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    dispatch_floating(output.dtype, [&]<class T>(std::type_identity<T>) {
      const T* x = inputs[0].as<T>();
      T* out = output.as<T>();
      const std::int64_t n = output.shape.back();
      const auto diagonal = static_cast<T>(diagonal_);
      for (std::int64_t k = 0; k < output.shape.size(); ++k) {
        const std::int64_t column = k % n;
        const std::int64_t row = k / n % n;
        const bool inside = lower_ ? column < row : column > row;
        out[k] = inside ? x[k] : T{0};
        if (row == column && diagonal != 0) {
          out[k] = diagonal * x[k];
        }
      }
    });
  }

 private:
  bool lower_;
  double diagonal_;
};

}  // namespace

std::shared_ptr<const Operation> triangle_operation(bool lower, double diagonal) {
  return std::make_shared<const TriangleOperation>(lower, diagonal);
}

}  // namespace xgrad::ops
