// ½ (A + Aᵀ) = V diag(w) Vᵀ        Ā = V (diag(w̄) + ½ (K − Kᵀ) / E) Vᵀ, K = Vᵀ V̄, Eᵢⱼ = wⱼ − wᵢ, and 1 for i = j
// Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation", 2008, of which
// this is the symmetric part. The quotient is 0 where K − Kᵀ is, also for equal eigenvalues.
#include "xgrad/decompositions.hpp"
#include "xgrad/index.hpp"
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"

#include "ops/decompositions/matrices.hpp"
#include "ops/shared_operation.hpp"
#include "run/lapack/factors.hpp"
#include "tensor/dispatch.hpp"

namespace xgrad {

namespace {

Eigh eigh_parts(const Tensor& packed) {
  return {squeeze(slice(packed, {0, 1}, -2), -2), slice(packed, {1, packed.dim(-2)}, -2)};
}

// The eigenvalues as a row, and below them, if they are wanted, the eigenvectors as columns.
class EighOperation final : public Operation {
 public:
  explicit EighOperation(bool vectors) : vectors_{vectors} {}

  [[nodiscard]] std::string_view name() const noexcept override { return vectors_ ? "eigh" : "eigvalsh"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 1; }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return {{"values_only", !vectors_}}; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const Tensor& a = ops::require_square(name(), inputs[0]);
    return {ops::with_matrix(ops::batch_of_matrices(a.shape()), vectors_ ? a.dim(-1) + 1 : 1, a.dim(-1)), a.dtype()};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    if (!vectors_) {
      const Tensor v = eigh(call.inputs[0]).vectors;
      return {matmul(v * cotangent, transpose(v))};
    }
    constexpr double half = 0.5;
    const auto [w, v] = eigh_parts(call.output);
    const auto [of_w, of_v] = eigh_parts(cotangent);
    const Tensor k = matmul(transpose(v), of_v);
    const Tensor differences = expand_dims(w, -2) - expand_dims(w, -1) + ops::unit_matrix(v.dim(-1), v.dtype());
    const Tensor by_v = matmul(v, chain_div(half * (k - transpose(k)), differences));
    return {matmul(by_v + v * expand_dims(of_w, -2), transpose(v))};
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    dispatch_floating(output.dtype, [&]<class T>(std::type_identity<T>) {
      const Shape& shape = inputs[0].shape;
      run::eigh(name(), ops::batch_of_matrices(shape), shape.back(), vectors_, inputs[0].as<T>(), output.as<T>());
    });
  }

 private:
  bool vectors_;
};

}  // namespace

Eigh eigh(const Tensor& a) {
  return eigh_parts(apply(ops::shared_operation<EighOperation>(true), {ops::require_square("eigh", a)}));
}

Tensor eigvalsh(const Tensor& a) {
  return squeeze(apply(ops::shared_operation<EighOperation>(false), {ops::require_square("eigvalsh", a)}), -2);
}

}  // namespace xgrad
