// |A|             Ā = g C, C being the matrix of cofactors, |A| A⁻ᵀ
// C               Ā = <G, A⁻ᵀ> C − C Gᵀ A⁻ᵀ
// log |det A|     Ā = g A⁻ᵀ
// All but C are computed from A's LU factors.
#include "xgrad/linalg.hpp"
#include "xgrad/manipulate.hpp"
#include "xgrad/math.hpp"
#include "xgrad/operation.hpp"
#include "xgrad/reduce.hpp"
#include "xgrad/solve.hpp"

#include "ops/decompositions/lu.hpp"
#include "ops/shared_operation.hpp"
#include "run/lapack/solves.hpp"

namespace xgrad {

namespace {

// A⁻ᵀ.
Tensor inverse_transposed(const Tensor& a, const Tensor& factors) {
  return transpose(apply(ops::inverse_operation(), {a, factors}));
}

class CofactorsOperation final : public ops::OfFactors<CofactorsOperation> {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "cofactors"; }
  [[nodiscard]] ops::MatrixForm form() const noexcept override { return ops::MatrixForm::cofactors; }
  [[nodiscard]] static Shape result(const Shape& a) { return a; }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& g) const override {
    const Tensor inverse = inverse_transposed(call.inputs[0], factors_of(call));
    const Tensor& c = call.output;
    return cotangents(call, sum(g * inverse, {-2, -1}, true) * c - matmul(matmul(c, transpose(g)), inverse));
  }

  template <class T>
  void compute(const Shape& batch, std::int64_t n, const T* a, const T* factors, T* out) const {
    run::cofactors(name(), batch, n, a, factors, out);
  }
};

class DetOperation final : public ops::OfFactors<DetOperation> {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "det"; }
  [[nodiscard]] ops::MatrixForm form() const noexcept override { return ops::MatrixForm::determinant; }
  [[nodiscard]] static Shape result(const Shape& a) { return ops::batch_of_matrices(a); }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& g) const override {
    static const auto operation = std::make_shared<const CofactorsOperation>();
    return cotangents(call, ops::per_matrix(g) * apply(operation, {call.inputs[0], factors_of(call)}));
  }

  template <class T>
  void compute(const Shape& batch, std::int64_t n, const T* /*a*/, const T* factors, T* out) const {
    run::determinants(batch, n, factors, out);
  }
};

class LogDetOperation final : public ops::OfFactors<LogDetOperation> {
 public:
  explicit LogDetOperation(bool of_positive) : of_positive_{of_positive} {}

  [[nodiscard]] std::string_view name() const noexcept override { return of_positive_ ? "logdet" : "slogdet"; }
  [[nodiscard]] ops::MatrixForm form() const noexcept override { return ops::MatrixForm::log_determinant; }
  [[nodiscard]] std::vector<Attribute> attributes() const override { return {{"of_positive", of_positive_}}; }
  [[nodiscard]] static Shape result(const Shape& a) { return ops::batch_of_matrices(a); }

  [[nodiscard]] std::vector<Tensor> vjp(const Call& call, const Tensor& g) const override {
    return cotangents(call, ops::per_matrix(g) * inverse_transposed(call.inputs[0], factors_of(call)));
  }

  template <class T>
  void compute(const Shape& batch, std::int64_t n, const T* /*a*/, const T* factors, T* out) const {
    run::log_determinants(batch, n, of_positive_, factors, out);
  }

 private:
  bool of_positive_;
};

class DetSignOperation final : public ops::OfFactors<DetSignOperation> {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "sign of det"; }
  [[nodiscard]] ops::MatrixForm form() const noexcept override { return ops::MatrixForm::sign; }
  [[nodiscard]] bool differentiable() const noexcept override { return false; }
  [[nodiscard]] static Shape result(const Shape& a) { return ops::batch_of_matrices(a); }

  template <class T>
  void compute(const Shape& batch, std::int64_t n, const T* /*a*/, const T* factors, T* out) const {
    run::determinant_signs(batch, n, factors, out);
  }
};

}  // namespace

const std::shared_ptr<const Operation>& ops::determinant_operation() {
  static const std::shared_ptr<const Operation> operation = std::make_shared<const DetOperation>();
  return operation;
}

Tensor det(const Tensor& a) {
  return apply(ops::determinant_operation(), {ops::require_square("det", a), ops::lu_factors(a)});
}

Tensor logdet(const Tensor& a) {
  return apply(ops::shared_operation<LogDetOperation>(true), {ops::require_square("logdet", a), ops::lu_factors(a)});
}

Slogdet slogdet(const Tensor& a) {
  static const auto sign = std::make_shared<const DetSignOperation>();
  const Tensor factors = ops::lu_factors(ops::require_square("slogdet", a));
  return {apply(sign, {a, factors}), apply(ops::shared_operation<LogDetOperation>(false), {a, factors})};
}

}  // namespace xgrad
