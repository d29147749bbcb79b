// A = Q R, m ≥ n        Ā = (Q̄ + Q (T + Tᵀ)) R⁻ᵀ, T = Φ(R R̄ᵀ − Q̄ᵀ Q), Φ being the lower triangle with half the diagonal
// Walter and Lehmann, "Algorithmic differentiation of linear algebra functions", 2010. For m < n with A = [A₁ A₂]:
// A₁ = Q R₁, R = [R₁ QᵀA₂], built from other operations.
#include "xgrad/decompositions.hpp"
#include "xgrad/index.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/decompositions/matrices.hpp"
#include "run/lapack/factors.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

Qr qr_parts(const Tensor& packed, std::int64_t m) {
  return {slice(packed, {0, m}, -2), slice(packed, {m, packed.dim(-2)}, -2)};
}

// Q (m,n), below it R (n,n).
class QrOperation final : public Operation {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "qr"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 1; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const Tensor& a = ops::require_matrix(name(), inputs[0]);
    return {ops::with_matrix(ops::batch_of_matrices(a.shape()), a.dim(-2) + a.dim(-1), a.dim(-1)), a.dtype()};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    constexpr bool lower = true;
    constexpr double half = 0.5;
    const std::int64_t m = call.inputs[0].dim(-2);
    const auto [q, r] = qr_parts(call.output, m);
    const auto [of_q, of_r] = qr_parts(cotangent, m);
    const Tensor t = ops::triangle(matmul(r, transpose(of_r)) - matmul(transpose(of_q), q), lower, half);
    return {ops::divided_by_triangle(of_q + matmul(q, t + transpose(t)), r, !lower, true)};
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    dispatch_floating(output.dtype, [&]<class T>(std::type_identity<T>) {
      const Shape& shape = inputs[0].shape;
      run::qr(name(), ops::batch_of_matrices(shape), shape[shape.rank() - 2], shape.back(), inputs[0].as<T>(),
              output.as<T>());
    });
  }
};

}  // namespace

Qr qr(const Tensor& a) {
  static const auto operation = std::make_shared<const QrOperation>();
  const std::int64_t m = ops::require_matrix("qr", a).dim(-2);
  const std::int64_t n = a.dim(-1);
  if (m >= n) {
    return qr_parts(apply(operation, {a}), m);
  }
  const auto [q, r] = qr_parts(apply(operation, {slice(a, {0, m}, -1)}), m);
  return {q, concatenate({r, matmul(transpose(q), slice(a, {m, n}, -1))}, -1)};
}

}  // namespace xgrad
