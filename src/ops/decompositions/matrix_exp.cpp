// e^A           Ā = L(Aᵀ, G)
// L(A, E)       with [e^A L(A,E); 0 e^A] = exp(M), M = [A E; 0 A]: M̄ = L(Mᵀ, [0 G; 0 0]), Ā = M̄₁₁ + M̄₂₂, Ē = M̄₁₂
// L is the derivative at A in the direction E. Mathias, "A chain rule for matrix functions and applications", 1996.
#include "run/lapack/matrix_exp.hpp"

#include <fmt/format.h>

#include "xgrad/creation.hpp"
#include "xgrad/error.hpp"
#include "xgrad/index.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/reduce.hpp"
#include "xgrad/solve.hpp"

#include "graph/node.hpp"
#include "ops/decompositions/matrices.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

Tensor exp_derivative(const Tensor& a, const Tensor& e);

// x in a quarter of a matrix of zeros.
Tensor quarter_of_zeros(const Tensor& x, std::int64_t row, std::int64_t column) {
  const std::int64_t n = x.dim(-1);
  return slice_adjoint(slice_adjoint(x, {row * n, (row + 1) * n}, 2 * n, -2), {column * n, (column + 1) * n}, 2 * n,
                       -1);
}

Tensor quarter(const Tensor& x, std::int64_t row, std::int64_t column) {
  const std::int64_t n = x.dim(-1) / 2;
  return slice(slice(x, {row * n, (row + 1) * n}, -2), {column * n, (column + 1) * n}, -1);
}

class ExpDerivative final : public Operation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "exp_derivative"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 2; }
  [[nodiscard]] Notation notation() const noexcept override { return {.symbol = "exp′"}; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const Tensor& a = ops::require_square(name(), inputs[0]);
    if (inputs[1].shape() != a.shape()) {
      throw ShapeError(fmt::format("[{}] {}; expected equal shapes", name(), graph::label(inputs)));
    }
    return {a.shape(), a.dtype()};
  }

  // With E brought to the length 1, since a long one would be rounded together with A: L is linear in it.
  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& g) const override {
    const Tensor& a = call.inputs[0];
    const Tensor& e = call.inputs[1];
    if (a.size() == 0) {
      return {g, g};
    }
    const Tensor length = stop_gradient(max(abs(e), {-2, -1}, true));
    const Tensor scale = where(length > 0.0, length, 1.0);
    const Tensor a_t = transpose(a);
    const Tensor above = concatenate({a_t, zeros_like(a)}, -1);
    const Tensor below = concatenate({transpose(e / scale), a_t}, -1);
    const Tensor of_m = exp_derivative(concatenate({above, below}, -2), quarter_of_zeros(g, 0, 1));
    return {scale * (quarter(of_m, 0, 0) + quarter(of_m, 1, 1)), quarter(of_m, 0, 1)};
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    dispatch_floating(output.dtype, [&]<class T>(std::type_identity<T>) {
      run::matrix_exp_derivative(name(), ops::batch_of_matrices(output.shape), output.shape.back(), inputs[0].as<T>(),
                                 inputs[1].as<T>(), output.as<T>());
    });
  }
};

Tensor exp_derivative(const Tensor& a, const Tensor& e) {
  static const auto operation = std::make_shared<const ExpDerivative>();
  return apply(operation, {a, e});
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
    return {exp_derivative(transpose(call.inputs[0]), g)};
  }
  [[nodiscard]] Tensor jvp(const Call& call, std::span<const Tensor> tangents) const override {
    return exp_derivative(call.inputs[0], tangents[0]);
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
