// A = U diag(s) Vᵀ, m ≥ n        Ā = (U (J diag(s) + diag(s) K + diag(s̄)) + (Ū − U UᵀŪ) / s) Vᵀ
//   J = (UᵀŪ − ŪᵀU) / E, K = (VᵀV̄ − V̄ᵀV) / E, Eᵢⱼ = sⱼ² − sᵢ², and 1 for i = j
// Townsend, "Differentiating the singular value decomposition", 2016. Quotients are 0 where the numerator is, also for
// equal values. For m < n of the transpose.
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

Svd svd_parts(const Tensor& packed, std::int64_t m) {
  return {slice(packed, {0, m}, -2), squeeze(slice(packed, {m, m + 1}, -2), -2),
          slice(packed, {m + 1, packed.dim(-2)}, -2)};
}

Tensor antisymmetric(const Tensor& x) {
  return x - transpose(x);
}

// U (m,n), the values as a row, Vᵀ (n,n), one below the other; or the row alone.
class SvdOperation final : public Operation {
 public:
  explicit SvdOperation(bool vectors) : vectors_{vectors} {}

  [[nodiscard]] std::string_view name() const noexcept override { return vectors_ ? "svd" : "svdvals"; }
  [[nodiscard]] unsigned input_count() const noexcept override { return 1; }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return {{"values_only", !vectors_}}; }

  [[nodiscard]] Signature infer(std::span<const Tensor> inputs) const override {
    const Tensor& a = ops::require_matrix(name(), inputs[0]);
    const std::int64_t rows = vectors_ ? a.dim(-2) + 1 + a.dim(-1) : 1;
    return {ops::with_matrix(ops::batch_of_matrices(a.shape()), rows, a.dim(-1)), a.dtype()};
  }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& cotangent) const override {
    if (!vectors_) {
      const auto [u, s, v_t] = svd(call.inputs[0]);
      return {matmul(u * cotangent, v_t)};
    }
    const std::int64_t m = call.inputs[0].dim(-2);
    const auto [u, s, v_t] = svd_parts(call.output, m);
    const auto [of_u, of_s, of_v_t] = svd_parts(cotangent, m);
    const Tensor row = expand_dims(s, -2);
    const Tensor column = expand_dims(s, -1);
    const Tensor differences = (row - column) * (row + column) + ops::unit_matrix(s.dim(-1), s.dtype());
    const Tensor by_u = matmul(transpose(u), of_u);
    const Tensor j = chain_div(antisymmetric(by_u), differences) * row;
    const Tensor k = column * chain_div(antisymmetric(matmul(v_t, transpose(of_v_t))), differences);
    Tensor left = matmul(u, j + k) + u * expand_dims(of_s, -2);
    if (m > s.dim(-1)) {
      left = left + chain_div(of_u - matmul(u, by_u), row);
    }
    return {matmul(left, v_t)};
  }

  void evaluate(std::span<const ConstArray> inputs, const Array& output) const override {
    dispatch_floating(output.dtype, [&]<class T>(std::type_identity<T>) {
      const Shape& shape = inputs[0].shape;
      run::svd(name(), ops::batch_of_matrices(shape), shape[shape.rank() - 2], shape.back(), vectors_,
               inputs[0].as<T>(), output.as<T>());
    });
  }

 private:
  bool vectors_;
};

}  // namespace

Svd svd(const Tensor& a) {
  const std::int64_t m = ops::require_matrix("svd", a).dim(-2);
  if (m >= a.dim(-1)) {
    return svd_parts(apply(ops::shared_operation<SvdOperation>(true), {a}), m);
  }
  const Svd of_transpose = svd(transpose(a));
  return {transpose(of_transpose.Vt), of_transpose.S, transpose(of_transpose.U)};
}

Tensor svdvals(const Tensor& a) {
  const bool tall = ops::require_matrix("svdvals", a).dim(-2) >= a.dim(-1);
  return squeeze(apply(ops::shared_operation<SvdOperation>(false), {tall ? a : transpose(a)}), -2);
}

}  // namespace xgrad
