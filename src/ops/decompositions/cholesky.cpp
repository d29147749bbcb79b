// L Lᵀ = ½ (A + Aᵀ)        Ā = ½ (P + Pᵀ), P = L⁻ᵀ Φ(Lᵀ G) L⁻¹, Φ being the lower triangle with half the diagonal
// L′ = L Φ(L⁻¹ S′ L⁻ᵀ) for a symmetric S′. Murray, "Differentiation of the Cholesky decomposition", 2016.
#include "xgrad/decompositions.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/solve.hpp"

#include "ops/decompositions/matrices.hpp"
#include "ops/decompositions/matrix_form.hpp"
#include "run/lapack/factors.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

constexpr bool lower = true;
constexpr bool transposed = true;
constexpr double half = 0.5;

Tensor symmetric(const Tensor& x) {
  return half * (x + transpose(x));
}

class CholeskyOperation final : public ops::MatrixOperation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "cholesky"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 1; }
  [[nodiscard]] ops::MatrixForm form() const noexcept override { return ops::MatrixForm::cholesky; }
  [[nodiscard]] Notation notation() const noexcept override { return {.symbol = "chol"}; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const Tensor& a = ops::require_square(name(), inputs[0]);
    return {a.shape(), a.dtype()};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& g) const override {
    const Tensor& l = call.output;
    const Tensor inner = ops::triangle(matmul(transpose(l), g), lower, half);
    const Tensor left = triangular_solve(l, inner, {.lower = true, .transposed = true});
    return {symmetric(ops::divided_by_triangle(left, l, lower, !transposed))};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    const Tensor& l = call.output;
    const Tensor left = triangular_solve(l, symmetric(tangents[0]), {.lower = true});
    return matmul(l, ops::triangle(ops::divided_by_triangle(left, l, lower, transposed), lower, half));
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    dispatch_floating(output.dtype, [&]<class T>(std::type_identity<T>) {
      run::cholesky(name(), ops::batch_of_matrices(output.shape), output.shape.back(), inputs[0].as<T>(),
                    output.as<T>());
    });
  }
};

}  // namespace

Tensor cholesky(const Tensor& a) {
  static const auto operation = std::make_shared<const CholeskyOperation>();
  return apply(operation, {ops::require_square("cholesky", a)});
}

}  // namespace xgrad
