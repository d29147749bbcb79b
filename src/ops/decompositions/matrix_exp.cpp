// e^A        Ā = L(Aᵀ, G), where [e^A L(A,E); 0 e^A] = exp([A E; 0 A])
// Mathias, "A chain rule for matrix functions and applications", 1996. L is linear in E, which is brought to a length
// of at most 1 first: a long one would be rounded together with A.
#include "run/lapack/matrix_exp.hpp"

#include "xgrad/creation.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/reduce.hpp"
#include "xgrad/solve.hpp"

#include "ops/decompositions/matrices.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

Tensor frechet_derivative(const Tensor& a, const Tensor& e) {
  const std::int64_t n = a.dim(-1);
  if (a.size() == 0) {
    return e;
  }
  const Tensor largest = stop_gradient(max(abs(e), {-2, -1}, true)) * static_cast<double>(n);
  const Tensor scale = where(largest > 0.0, largest, 1.0);
  const Tensor above = concatenate({a, e / scale}, -1);
  const Tensor below = concatenate({zeros(a.shape(), a.dtype()), a}, -1);
  const Tensor both = matrix_exp(concatenate({above, below}, -2));
  return scale * slice(slice(both, {0, n}, -2), {n, 2 * n}, -1);
}

class MatrixExpOperation final : public Operation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "matrix_exp"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 1; }
  [[nodiscard]] Notation notation() const noexcept override { return {.symbol = "exp"}; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const Tensor& a = ops::require_square(name(), inputs[0]);
    return {a.shape(), a.dtype()};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& g) const override {
    return {frechet_derivative(transpose(call.inputs[0]), g)};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    return frechet_derivative(call.inputs[0], tangents[0]);
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    dispatch_floating(output.dtype, [&]<class T>(std::type_identity<T>) {
      run::matrix_exp(name(), ops::batch_of_matrices(output.shape), output.shape.back(), inputs[0].as<T>(),
                      output.as<T>());
    });
  }
};

}  // namespace

Tensor matrix_exp(const Tensor& a) {
  static const auto operation = std::make_shared<const MatrixExpOperation>();
  return apply(operation, {ops::require_square("matrix_exp", a)});
}

}  // namespace xgrad
